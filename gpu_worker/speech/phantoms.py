"""Sentences that Whisper says by itself where there is nothing to hear: it learned them from subtitles of silence.

They are dropped only where hardly anybody speaks: people do say "thank you". Sources: arXiv 2501.11378 ("bag of
hallucinations") and the issues of whisper, faster-whisper and WhisperX on silence.
"""

import re
from typing import Final

_PHANTOMS: Final = frozenset(
    {
        "thank you",
        "thanks for watching",
        "thank you for watching",
        "thank you so much for watching",
        "please subscribe",
        "subtitles by the amara org community",
        "subtitles by",
        "transcription by castingwords",
        "bye",
        "you",
        "продолжение следует",
        "субтитры сделал dimatorzok",
        "субтитры создавал dimatorzok",
        "субтитры подготовил dimatorzok",
        "редактор субтитров а семкин корректор а егорова",
        "спасибо за просмотр",
        "подписывайтесь на канал",
        "до новых встреч",
        "untertitel der amara org community",
        "untertitel im auftrag des zdf für funk 2017",
        "sous titres réalisés par la communauté d amara org",
        "subtítulos realizados por la comunidad de amara org",
        "legendas pela comunidade amara org",
        "ご視聴ありがとうございました",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "시청해주셔서 감사합니다",
    }
)
_WORDS: Final = re.compile(r"[^\W_]+")


def is_phantom(text: str) -> bool:
    """Tell whether a text is one of these, whatever its punctuation."""
    return " ".join(_WORDS.findall(text.casefold().replace("ё", "е"))) in _PHANTOMS
