from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Answer, Segment, Summary, Transcript
from gpu_worker.language.evidence import Evidence
from gpu_worker.language.extractive import NEAREST, NO_PROMPT, NO_TEMPLATE, ExtractiveSummariser, bullets_for

Meeting = Callable[[str], Transcript]

ENGINE = ExtractiveSummariser()
SMALL_TALK = {
    "en": ("weekend", "rained", "coffee", "weather", "movie", "lunch", "mute", "hear me", "bye"),
    "ru": ("выходные", "дожд", "кофе", "погода", "кино", "обед", "экран", "слышно", "свидания"),
}
DECISIONS = {
    "en": ("March 3rd to March 17th", "six hundred euros", "two engineers help the support team"),
    "ru": ("с первого на пятнадцатое декабря", "берём поставщика «Луговое»", "шестьдесят тысяч рублей"),
}
TASKS = {
    "en": (
        "call the agency and move the advertising",
        "order the test phones tomorrow",
        "schedule for the engineers",
        "post the job opening",
        "list of the missing texts by Thursday",
    ),
    "ru": (
        "перенесите рекламу",
        "пришлю новый план рекламы до четверга",
        "подготовлю договор",
        "обновите, пожалуйста, вакансии",
        "отправить заявку в пожарную инспекцию",
    ),
}


def summarise(transcript: Transcript, **options: Any) -> Summary:
    return ENGINE.summarise(transcript, SummariseOptions(**options), on_progress=lambda share: None)


def all_text(summary: Summary) -> str:
    return "\n".join([summary.text, *(one.text for one in (*summary.bullets, *summary.action_items))])


def build(texts: list[str], language: str = "en", speaker: str | None = None) -> Transcript:
    segments = tuple(
        Segment(id=number, start=float(number), end=number + 0.9, text=text, speaker=speaker)
        for number, text in enumerate(texts)
    )
    return Transcript(language=language, language_probability=1.0, duration=len(texts), segments=segments, model="test")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_decisions_of_a_meeting_are_among_the_bullets(meeting: Meeting, language: str) -> None:
    bullets = "\n".join(bullet.text for bullet in summarise(meeting(language)).bullets)
    assert [decision for decision in DECISIONS[language] if decision not in bullets] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_small_talk_is_left_out(meeting: Meeting, language: str) -> None:
    said = all_text(summarise(meeting(language))).casefold()
    assert [word for word in SMALL_TALK[language] if word in said] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_people_undertake_becomes_action_items(meeting: Meeting, language: str) -> None:
    tasks = "\n".join(task.text for task in summarise(meeting(language)).action_items)
    assert [task for task in TASKS[language] if task not in tasks] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_action_item_says_who_spoke(meeting: Meeting, language: str) -> None:
    transcript = meeting(language)
    for task in summarise(transcript).action_items:
        assert task.text.startswith(f"{transcript.segments[task.segments[0]].speaker}: ")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_whole_meeting_is_read_and_the_engine_says_its_name(meeting: Meeting, language: str) -> None:
    summary = summarise(meeting(language))
    assert (summary.coverage, summary.engine, summary.language, summary.notes) == (1.0, "extractive", language, ())


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_sentence_is_in_the_segments_that_it_names(meeting: Meeting, language: str) -> None:
    transcript = meeting(language)
    evidence = Evidence(transcript.segments, language)
    for one in (*summarise(transcript).bullets, *summarise(transcript).action_items):
        assert evidence.statement(one.text, one.segments) == one


def test_a_sentence_in_two_segments_names_both() -> None:
    transcript = build(["We have decided to sell the old warehouse in", "Hamburg before the end of June."])
    assert summarise(transcript).bullets[0].segments == (0, 1)


def test_silence_is_no_failure() -> None:
    for texts in ([], ["", "   "]):
        summary = summarise(build(texts))
        assert (summary.text, summary.bullets, summary.action_items, summary.coverage) == ("", (), (), 1.0)
        assert summary.notes == ("Nothing was said in this recording.",)


def test_one_segment_is_its_own_summary() -> None:
    summary = summarise(build(["The parcel arrived this morning."]))
    assert summary.text == "The parcel arrived this morning."
    assert [bullet.segments for bullet in summary.bullets] == [(0,)]


def test_what_is_said_again_and_again_stands_in_the_summary_once() -> None:
    summary = summarise(build(["Send the invoice to Anna by Friday.", "The meeting is on Tuesday at ten."] * 40))
    assert sorted([bullet.text for bullet in summary.bullets]) == [
        "Send the invoice to Anna by Friday.",
        "The meeting is on Tuesday at ten.",
    ]
    assert summary.text.count("invoice") == 1


@pytest.mark.parametrize(
    "said",
    [
        "You don't need to send the report to the client.",
        "We should have called the client on Monday.",
        "Не нужно отправлять отчёт клиенту сегодня.",
        "Надо было позвонить клиенту в понедельник.",
        "Монтаж вентиляции займёт ещё три недели.",
        "We will not make the deadline before the end of March.",
    ],
)
def test_what_nobody_has_to_do_is_no_action_item(said: str) -> None:
    language = "ru" if said[0] in "НМ" else "en"
    assert summarise(build([said], language)).action_items == ()


def test_other_languages_get_bullets_and_a_word_about_action_items() -> None:
    texts = [
        "Wir sprechen heute über den Umzug in das neue Büro.",
        "Wir haben beschlossen, dass der Umzug am 28. Mai stattfindet.",
        "Die Umzugsfirma kostet 3200 Euro für den ganzen Umzug.",
    ]
    summary = summarise(build(texts, "de"))
    assert [bullet.text for bullet in summary.bullets] == texts
    assert summary.notes == ("Offline, action items are recognised in English and Russian only.",)


def test_a_language_without_spaces_is_summarised_too() -> None:
    texts = [
        "会議は月曜日に始まります。",
        "新しい製品の発売は三月です。",
        "新しい製品の価格は高いです。",
        "天気がいいです。",
    ]
    assert len(summarise(build(texts, "ja")).bullets) >= 3


def test_speech_without_punctuation_does_not_become_one_long_sentence() -> None:
    texts = [f"the team number {number} reported a delay of the delivery to the warehouse" for number in range(40)]
    assert max(len(bullet.segments) for bullet in summarise(build(texts)).bullets) <= 2


def test_the_number_of_bullets_grows_slowly() -> None:
    assert [bullets_for(count) for count in (0, 1, 2, 10, 50, 200, 1000, 5000)] == [0, 1, 2, 4, 6, 8, 10, 10]


def test_three_hours_make_no_more_than_ten_bullets() -> None:
    words = [f"{stem}{ending}" for stem in ("bud", "lau", "tes", "con", "par", "mar") for ending in "abcdefghij"]
    texts = [
        " ".join(words[(number * step + step) % len(words)] for step in range(3, 15)).capitalize() + "."
        for number in range(4000)
    ]
    summary = summarise(build(texts))
    assert len(summary.bullets) <= 10
    assert summary.coverage == 1.0


def test_progress_ends_at_one(meeting: Meeting) -> None:
    shares = []
    ENGINE.summarise(meeting("en"), SummariseOptions(), on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("language", "question", "answer", "segments"),
    [
        (
            "en",
            "How much does it cost to move the advertising?",
            "Carla: Moving the advertising costs about four thousand euros, the agency told me.",
            (15,),
        ),
        ("en", "Who orders the test phones?", "Boris: Great, I will order the test phones tomorrow.", (29,)),
        (
            "ru",
            "Сколько стоит перенос рекламы?",
            "Марина: Перенос рекламы стоит сорок пять тысяч рублей, я узнавала в агентстве.",
            (13,),
        ),
        (
            "en",
            "When is the launch?",
            "Anna: To sum up, the launch moves to March 17th, the test phones are approved,",
            (45,),
        ),
        (
            "ru",
            "Какая зарплата у кассиров?",
            "Ольга: Хорошо, утверждаем зарплату кассиров в шестьдесят тысяч рублей.",
            (36,),
        ),
        ("ru", "Кто готовит договор с «Луговым»?", "Игорь: Я подготовлю договор с «Луговым» до пятницы.", (28,)),
    ],
)
def test_a_question_is_answered_in_the_speakers_own_words(
    meeting: Meeting, language: str, question: str, answer: str, segments: tuple[int, ...]
) -> None:
    summary = summarise(meeting(language), questions=[question])
    assert answer in str(summary.answers[0].answer)
    assert set(segments) <= set(summary.answers[0].segments)
    assert summary.notes == (NEAREST,)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Did the seller offer a warranty?"),
        ("en", "Why?"),
        ("en", "Кто подписал договор?"),
        ("ru", "Предложил ли продавец гарантию?"),
        ("ru", "Did the seller offer a warranty?"),
    ],
)
def test_a_question_that_nobody_answered_has_no_answer(meeting: Meeting, language: str, question: str) -> None:
    summary = summarise(meeting(language), questions=[question])
    assert summary.answers == (Answer(question=question, answer=None),)
    assert summary.notes == ()


def test_a_question_that_somebody_asked_is_answered_by_the_reply() -> None:
    transcript = build(["How long is the warranty on this fridge?", "Two years.", "We also have a red one."])
    answer = summarise(transcript, questions=["What warranty has the fridge?"]).answers[0]
    assert (answer.answer, answer.segments) == ("How long is the warranty on this fridge? Two years.", (0, 1))


def test_questions_about_silence_are_kept_without_an_answer() -> None:
    assert summarise(build([]), questions=["Who came?"]).answers == (Answer(question="Who came?", answer=None),)


def test_the_overview_keeps_its_evidence(meeting: Meeting) -> None:
    summary = summarise(meeting("en"))
    assert summary.text == " ".join(one.text for one in summary.overview)
    assert all(one.segments for one in summary.overview)


def test_what_it_cannot_do_it_says(meeting: Meeting) -> None:
    plain = summarise(meeting("ru"))
    summary = summarise(meeting("ru"), language="en", template="sales", prompt="Be brief.")
    assert (summary.language, summary.template, summary.bullets) == ("ru", "sales", plain.bullets)
    assert summary.notes == (
        "Offline, nothing is translated: this summary is in Russian (ru), as the recording is.",
        NO_TEMPLATE,
        NO_PROMPT,
    )


@pytest.mark.parametrize("template", ["general", "meeting"])
def test_what_it_looks_for_anyway_needs_no_note(meeting: Meeting, template: str) -> None:
    assert summarise(meeting("en"), template=template).notes == ()


SOME = "we will send the report by Friday бюджет решили отправить до пятницы 12 . ? , Anna"
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                [
                    "we",
                    "will",
                    "send",
                    "the",
                    "report",
                    "by",
                    "Friday",
                    "бюджет",
                    "решили",
                    "отправить",
                    "до",
                    "пятницы",
                    "12",
                    ".",
                    "?",
                    ",",
                    "Anna",
                ]
            ),
            max_size=14,
        ).map(" ".join),
    ),
    max_size=40,
)


@given(texts=TEXTS, language=st.sampled_from(["en", "ru", "de", "zh", "xx"]), speaker=st.sampled_from([None, "A"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_laws_hold_for_anything_that_can_be_said(texts: list[str], language: str, speaker: str | None) -> None:
    transcript = build(texts, language, speaker)
    summary = summarise(transcript, questions=["Who will send the report?", "Когда решили отправить бюджет?"])
    ids = {segment.id for segment in transcript.segments}
    for statements in (summary.bullets, summary.action_items):
        assert all(one.segments and set(one.segments) <= ids and one.text.strip() for one in statements)
        assert all(list(one.segments) == sorted(set(one.segments)) for one in statements)
        assert all(before.segments[0] <= after.segments[0] for before, after in pairwise(statements))
    assert all(set(one.segments) <= ids and bool(one.segments) == bool(one.answer) for one in summary.answers)
    assert summary.coverage == 1.0
    assert len(summary.bullets) <= 10
    assert summary == summarise(transcript, questions=[one.question for one in summary.answers])
