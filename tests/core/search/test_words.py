import pytest

from functions.core.search.forms import terms_of
from functions.core.search.words import MOST_LETTERS, spans, term

# Each line is one word in some of its forms, most of them hard: other roots, other vowels, fleeting ones.
RUSSIAN = """
идти иду идёт идём идут шёл шла шли идущий
ехать еду едешь едет едут ехал ехала
быть был была были буду будет
человек человека люди людей людям людьми
ребёнок ребёнка дети детей детям детьми
год года лет годы годом
друг друга друзья друзей друзьями
брат братья братьев братьями
сын сыновья сыновей сыновьями
мать матери матерью матерей
дочь дочери дочерью дочерей
время времени временем времена времён
имя имени именем имена имён
день дня дней днями
отец отца отцы отцом отцов
конец конца концы концов
рынок рынка рынки рынков
сон сна сны снов
окно окна окон окнами
сестра сестры сестёр сёстры
деньги денег деньгам деньгами
письмо письма писем письмами
цена цены цен ценами
договор договора договоры договоров договорами
встреча встречи встреч встречами
церковь церкви церквей церквами
ухо уши ушей ушами
плечо плечи плеч плечами
дерево деревья деревьев деревьями
стул стулья стульев
лист листья листьев листы
сосед соседи соседей соседями
хороший хорошая хорошие лучше лучший
плохой плохая плохие хуже
большой большая большие больше
маленький маленькая меньше
дорогой дорогая дороже
близкий близкая ближе
высокий высокая выше
тихий тихая тише
взять взял взяла возьму возьмёт возьмут
дать дал дала дам дадим дадут
есть ем ешь едим едят ел ела
жить живу живёт жил жила
писать пишу пишет пишут писал писала
сказать скажу скажет скажут сказал
искать ищу ищет ищут искал
мочь могу может могут мог могла могли
хотеть хочу хочет хотим хотят хотел
найти найду найдёт нашёл нашла нашли
прийти приду придёт пришёл пришла пришли
пить пью пьёт пил пила
лечь лягу ляжет лёг легла
сесть сяду сядет сел села
нести несу несёт нёс несла
вести веду ведёт вёл вела
платить плачу платит платил платят
звать зову зовёт звал звала
брать беру берёт брал брала
расти расту растёт рос росла
подписать подпишу подписал подписали подписанный
обсуждать обсуждаем обсуждали обсуждая обсуждаемый
ждать жду ждёт ждал ждала
спать сплю спит спал
бежать бегу бежит бегут бежал
мыть мою моет мыл
петь пою поёт пел
"""
ENGLISH = """
go goes going went gone
be am is are was were been being
do does doing did done
have has having had
run runs running ran
write writes writing wrote written
speak speaks speaking spoke spoken
think thinks thinking thought
buy buys buying bought
bring brings bringing brought
teach teaches teaching taught
sell sells selling sold
tell tells telling told
say says saying said
see sees seeing saw seen
take takes taking took taken
make makes making made
leave leaves leaving left
meet meets meeting met
pay pays paying paid
send sends sending sent
spend spends spending spent
understand understands understanding understood
find finds finding found
hold holds holding held
choose chooses choosing chose chosen
begin begins beginning began begun
drive drives driving drove driven
eat eats eating ate eaten
fly flies flying flew flown
know knows knowing knew known
lie lies lying lay lain
sing sings singing sang sung
undertake undertakes undertaking undertook undertaken
child children
person people
man men
woman women
foot feet
tooth teeth
mouse mice
wife wives
life lives
leaf leaves
knife knives
half halves
criterion criteria
analysis analyses
datum data
index indices indexes
phenomenon phenomena
crisis crises
good better best
bad worse worst
far further furthest farther
big bigger biggest
easy easier easiest
large larger largest
late later latest
heavy heavier heaviest
hot hotter hottest
plan plans planned planning
agree agrees agreed agreeing
discuss discusses discussed discussing
company companies
budget budgets budgeted
party parties
decide decides decided deciding
stop stops stopped stopping
try tries tried trying
match matches matched matching
box boxes
invoice invoices invoiced
customer customers
"""


def recall(text: str, language: str) -> float:
    """How many pairs of two forms of a word find each other."""
    lines = [line.split() for line in text.strip().splitlines()]
    pairs = [(asked, said) for line in lines for asked in line for said in line if asked != said]
    assert len(pairs) > 400
    return sum(term(said, language) in terms_of(asked) for asked, said in pairs) / len(pairs)


def test_nearly_every_form_of_a_russian_word_finds_every_other() -> None:
    assert recall(RUSSIAN, "ru") >= 0.99


def test_nearly_every_form_of_an_english_word_finds_every_other() -> None:
    assert recall(ENGLISH, "en") >= 0.99


@pytest.mark.parametrize(
    ("asked", "said"),
    [("run", "rune"), ("child", "chill"), ("plan", "plane"), ("стол", "столица")],
)
def test_other_words_are_not_found(asked: str, said: str) -> None:
    assert not terms_of(asked) & {term(said, "en"), term(said, "ru")}


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_people_mix_english_and_russian_whatever_the_rest_is(language: str) -> None:
    assert term("Meetings", language) == term("meeting", language)
    assert term("договорами", language) == term("договор", language)


@pytest.mark.parametrize(
    ("word", "language"),
    [("Besprechungen", "de"), ("договору", "uk"), ("réunions", "fr"), ("συνάντηση", "el"), ("会議", "ja")],
)
def test_a_word_of_another_language_is_found_as_it_was_said(word: str, language: str) -> None:
    assert term(word, language) in terms_of(word.upper())


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ёлка", "елка"), ("don’t", "don't"), ("STRASSE", "straße"), ("e\u0301te\u0301", "été"), ("ﬁnance", "finance")],
)
def test_one_word_has_one_spelling(one: str, other: str) -> None:
    assert term(one, "de") == term(other, "de")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't say 'hello' — 10,5 %!", ["Don't", "say", "hello", "10", "5"]),
        ("кто-нибудь@пример.рф", ["кто", "нибудь", "пример", "рф"]),
        ("हिन्दी में बोलो।", ["हिन्दी", "में", "बोलो"]),
        ("и\u0306од", ["и\u0306од"]),
        ("你好，世界 tokyo東京", ["你", "好", "世", "界", "tokyo", "東", "京"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("👍🏽 \u200b\0 _ \ud800", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_as_its_script_is_written(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text)] == words


def test_a_word_without_end_has_a_term_of_bounded_length() -> None:
    assert len(term("a" * 100_000, "en")) == MOST_LETTERS
    assert terms_of("a" * 100_000) == {"a" * MOST_LETTERS}
