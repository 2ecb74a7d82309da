"""QR codes, as SVG that needs no style of its own."""

import io

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The text as a QR code: black on white, whatever the colours of the page, for that is what cameras read."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, svgns=False, svgclass="qr", lineclass=None
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 -- made of squares, nothing of the text is in it
