"""Nobody in grief, fear or fury is offered help with a parcel."""

import pytest

from nlu.guards import CROWD, Guards

GUARDS = Guards.read()


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("my father died and northwind still sends him bills", "bereavement"),
        ("please help me, my grandmother died and I must cancel her order", "bereavement"),
        ("mi abuela murió y su pedido sigue en camino", "bereavement"),
        ("ma grand-mère est morte, je dois annuler sa commande", "bereavement"),
        ("πέθανε η γιαγιά μου και πρέπει να ακυρώσω την παραγγελία της", "bereavement"),
        ("#BoycottNorthwind until they pay their people", "protest"),
        ("boycotting northwind", "protest"),
        ("northwind workers are on strike", "protest"),
        ("a shooting outside the northwind store", "violence"),
        ("northwind boss arrested for bribery", "crime"),
        ("northwind I want to die", "self-harm"),
        ("mi padre falleció ayer", "bereavement"),
        ("quiero morirme", "self-harm"),
        ("Meine Oma ist gestorben, die Beerdigung ist morgen", "bereavement"),
        ("Streik bei Northwind", "protest"),
        ("mon mari est décédé", "bereavement"),
        ("la grève chez northwind continue", "protest"),
        ("συλλυπητηρια στην οικογενεια", "bereavement"),
        ("ΑΠΕΡΓΙΑ στη northwind", "protest"),
    ],
)
def test_a_post_of_grief_violence_or_protest_is_guarded(text: str, guard: str) -> None:
    assert GUARDS.stop(text) == guard


@pytest.mark.parametrize(
    "text",
    [
        "my phone died after the update",
        "my kettle has died and nobody answers",
        "seit dem Tod meines Handys geht nichts mehr",
        "this queue is killing me",
        "dead battery again",
        "daylight robbery, 12 euros for delivery",
        "the northwind app shoots my battery down",
        "me muero de hambre y mi pedido no llega",
        "ich lach mich tot",
        "c'est mortel, deux heures d'attente",
        "where is my refund?",
    ],
)
def test_everyday_exaggeration_is_not_guarded(text: str) -> None:
    assert GUARDS.stop(text) is None


@pytest.mark.parametrize("handle", ["hitler_88", "@FuckEverything", "white.power"])
def test_an_offensive_handle_is_guarded(handle: str) -> None:
    assert GUARDS.stop("my parcel is late", handle) == "offensive handle"


@pytest.mark.parametrize("handle", ["mara_k", "jose.p", "scunthorpe_fan", None, ""])
def test_a_common_handle_is_not(handle: str | None) -> None:
    assert GUARDS.stop("my parcel is late", handle) is None


def test_what_others_say_in_the_thread_guards_it_too() -> None:
    assert GUARDS.stop("me too!", thread=[("1", "we lost my dad on sunday"), ("2", "so sorry")]) == "bereavement"


def test_a_crowd_is_a_pile_on_but_two_who_talk_much_are_not() -> None:
    crowd = [(str(number), "shame") for number in range(CROWD)]
    pair = [(str(number % 2), "and another thing") for number in range(50)]
    assert GUARDS.stop("my parcel is late", thread=crowd) == "pile-on"
    assert GUARDS.stop("my parcel is late", thread=pair) is None
