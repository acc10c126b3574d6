import pytest

from functions.core.jobs.results import Segment
from gpu_worker.language.evidence import Evidence, Unsupported
from gpu_worker.language.figures import figures_claimed, figures_said

SAID = (
    ("Anna", "Boris, can you send the contract to the client?"),
    ("Boris", "Sure, I will send it by Friday."),
    ("Anna", "The budget is one hundred and twenty thousand euros, about 15% more than in 2025."),
    ("Carla", "We will ask Zoe in the next week."),
    ("Анна", "Павлу нужно подготовить договор на двадцать пять тысяч рублей."),
)


@pytest.fixture
def evidence() -> Evidence:
    segments = [
        Segment(id=at * 10, start=at, end=at + 1, text=text, speaker=speaker) for at, (speaker, text) in enumerate(SAID)
    ]
    return Evidence(segments, "en")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("The budget is 120,000 euros.", [20]),
        ("The budget is 120 thousand euros, 15 percent more than in 2025.", [20]),
        ("Anna set the budget at €120k.", [20]),
        ("Павел готовит договор на 25 тысяч рублей.", [40]),
        ("Анна сказала, что договор готовит Павел.", [40]),
    ],
)
def test_the_same_fact_in_other_words_is_borne_out(evidence: Evidence, text: str, ids: list[int]) -> None:
    assert evidence.statement(text, ids).segments == tuple(ids)


@pytest.mark.parametrize(
    ("text", "ids", "reason"),
    [
        ("The budget is 130,000 euros.", [20], "130,000"),
        ("The budget is ninety thousand euros.", [20], "90000"),
        ("The budget goes to Zurich.", [20], "Zurich"),
        ("Zoe sets the budget in euros.", [20], None),
        ("Zoe approved the budget of 120,000 euros.", [0], "120,000"),
        ("Gregory will send the contract to the client.", [0], "Gregory"),
        ("The weather was pleasant.", [20], "something else"),
        ("The budget is 120,000 euros.", [20, 7], "no segment 7"),
        ("The budget is 120,000 euros.", [], "no segment"),
        ("Договор на 30 тысяч рублей.", [40], "30"),
    ],
)
def test_an_invention_is_not_borne_out(evidence: Evidence, text: str, ids: list[int], reason: str | None) -> None:
    if reason is None:
        # Zoe is named right beside it, so the neighbour is cited as well rather than the sentence lost.
        assert evidence.statement(text, ids).segments == (20, 30)
        return
    with pytest.raises(Unsupported, match=reason):
        evidence.statement(text, ids)


def test_an_address_that_nobody_said_is_not_borne_out(evidence: Evidence) -> None:
    for address in ("https://evil.example/pay", "www.evil.example", "pay@evil.example"):
        with pytest.raises(Unsupported, match="evil"):
            evidence.statement(f"The contract for the client is at {address}.", [0])


def test_an_address_that_was_said_is_borne_out() -> None:
    segments = [Segment(id=0, start=0, end=1, text="Write to Anna@Example.com, the form is on www.example.com/form.")]
    said = Evidence(segments, "en")
    assert said.statement("The form is on www.example.com/form, or write to anna@example.com.", [0]).segments == (0,)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Der Vertrag geht am Freitag an den Kunden.", [0, 10]),
        ("Das Budget beträgt 120.000 Euro.", [20]),
        ("Бюджет — 120 тысяч евро, на 15 % больше, чем в 2025 году.", [20]),
        ("Договор отправит Борис.", [0]),
    ],
)
def test_a_translation_is_compared_by_its_figures(evidence: Evidence, text: str, ids: list[int]) -> None:
    language = "ru" if "т" in text else "de"
    translated = Evidence(evidence._segments, "en", written_in=language)
    assert translated.statement(text, ids).segments == tuple(ids)


@pytest.mark.parametrize(
    ("written_in", "text", "ids", "reason"),
    [
        ("ru", "Бюджет — 130 тысяч евро.", [20], "130"),
        ("ru", "Бюджет — сто тридцать тысяч евро.", [20], "130000"),
        ("ru", "Оплата на https://evil.example.", [20], "evil"),
        ("ru", "Борис отправит договор.", [7], "no segment 7"),
        ("ru", "Борис отправит договор.", [], "no segment"),
        ("ru", "…", [20], "something else"),
        ("fr", "Demander à Mallory la semaine prochaine.", [30], "Mallory"),
    ],
)
def test_a_translation_with_another_figure_or_address_is_not_borne_out(
    evidence: Evidence, written_in: str, text: str, ids: list[int], reason: str
) -> None:
    with pytest.raises(Unsupported, match=reason):
        Evidence(evidence._segments, "en", written_in=written_in).statement(text, ids)


def test_names_are_compared_loosely_within_one_script_and_not_at_all_across_scripts() -> None:
    segments = [Segment(id=0, start=0, end=1, text="Wir treffen Zoë am Montag in München.")]
    english, russian = (Evidence(segments, "de", written_in=code) for code in ("en", "ru"))
    assert english.statement("The meeting with Zoe is on Monday in Munich.", [0]).segments == (0,)
    assert russian.statement("Встреча с Зоей в понедельник в Мюнхене.", [0]).segments == (0,)
    assert (english.compares_names, russian.compares_names) == (True, False)


def test_a_question_is_cited_with_the_answer_that_needs_it(evidence: Evidence) -> None:
    assert evidence.statement("Boris will send the contract to the Client by Friday.", [0]).segments == (0, 10)


def test_ids_come_back_once_and_in_order_of_time(evidence: Evidence) -> None:
    assert evidence.statement("Send the contract, ask in the next week.", [30, 0, 30]).segments == (0, 30)


def test_citing_everything_is_citing_nothing() -> None:
    segments = [Segment(id=at, start=at, end=at + 1, text="the budget") for at in range(30)]
    with pytest.raises(Unsupported, match="more than anybody would read"):
        Evidence(segments, "en").statement("The budget.", range(30))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,200", 1200),
        ("1.200", 1200),
        ("1.2", 1.2),
        ("10 000", 10_000),
        ("10k", 10_000),
        ("2.5 million", 2_500_000),
        ("twenty-five", 25),
        ("two hundred and five", 205),
        ("двести тридцать шесть", 236),
        ("сорок пять тысяч", 45_000),
        ("пятнадцатое декабря", 15),
        ("двадцати пяти", 25),
        ("двух тысяч", 2000),
    ],
)
def test_figures_are_read_however_they_are_written(text: str, value: float) -> None:
    assert value in figures_said(text)


def test_small_number_words_are_not_held_against_a_summary() -> None:
    assert figures_claimed("both teams gave three reasons") == []
    assert [figure for figure, _ in figures_claimed("3 reasons and fifty people")] == ["3", "50"]
