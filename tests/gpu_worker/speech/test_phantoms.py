import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.speech import phantoms
from gpu_worker.speech.phantoms import is_phantom


@pytest.mark.parametrize("sentence", sorted(phantoms._PHANTOMS))
def test_every_phantom_is_known_however_it_is_written(sentence: str) -> None:
    assert is_phantom(sentence)
    assert is_phantom(f" {sentence.upper()}! ")
    assert is_phantom(sentence.replace(" ", ", ") + "...")


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "Thanks for watching!",
        "Субтитры сделал DimaTorzok",
        "Продолжение следует...",
        "Редактор субтитров А.Семкин Корректор А.Егорова",
        "Редактор субтитров А.Сёмкин Корректор А.Егорова",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "ご視聴ありがとうございました。",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "Subtitles by the Amara.org community",
    ],
)
def test_phantoms_as_the_model_writes_them_are_known(text: str) -> None:
    assert is_phantom(text)


@pytest.mark.parametrize("text", ["", "...", "Thank you for the offer.", "Спасибо.", "You agreed.", "Bye, Anna!", "♪"])
def test_what_people_say_is_none(text: str) -> None:
    assert not is_phantom(text)


@given(text=st.text(max_size=60))
def test_a_phantom_inside_a_longer_text_is_none(text: str) -> None:
    assert not is_phantom(f"Anna {text} thank you for watching")
