"""What the details of one message cost, in Rasa's Python: lines as people write them, long ones, nasty ones."""

from pathlib import Path
from statistics import quantiles

from tests.nlu.details import PIECES, TABLE, Finder

ROUNDS = 5


def main() -> None:
    """Measure and print."""
    finder = Finder(Path("knock.toml"))
    ordinary = [text for lines in TABLE.values() for text in (*(row[0] for row in lines["found"]), *lines["traps"])]
    longest = " ".join(ordinary)[:4000]
    nasty = [(piece * 4000)[:4000] for piece in PIECES]
    try:
        for name, texts in (("ordinary lines", ordinary), ("4,000 characters", [longest] * 50), ("nasty", nasty)):
            for text in texts[:ROUNDS]:
                finder.find(text)
            took = [finder.took(text) for _ in range(ROUNDS) for text in texts]
            marks = quantiles(took, n=100)
            print(f"{name:20} p50 {marks[49]:7.2f} ms   p95 {marks[94]:7.2f} ms   longest {max(took):7.2f} ms")
    finally:
        finder.close()


if __name__ == "__main__":
    main()
