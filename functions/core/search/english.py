"""English words whose forms no rule of endings finds: went is of go, children are of child."""

import re
from collections.abc import Iterator
from typing import Final

_VERBS: Final = """
abide abode, arise arose arisen, awake awoke awoken, be am is are was were been being, bear bore borne born,
beat beaten, become became, befall befell befallen, begin began begun, behold beheld, bend bent, beget begot begotten,
bid bade bidden, bind bound, bite bit bitten, bleed bled, blow blew blown, break broke broken, breed bred,
bring brought, build built, burn burnt, buy bought, catch caught, choose chose chosen, cling clung, come came,
creep crept, deal dealt, dig dug, do does did done doing, draw drew drawn, dream dreamt, drink drank drunk,
drive drove driven, dwell dwelt, eat ate eaten, fall fell fallen, feed fed, feel felt, fight fought, find found,
flee fled, fling flung, fly flies flew flown, forbid forbade forbidden, forgo forwent forgone,
foresee foresaw foreseen, foretell foretold, forget forgot forgotten, forgive forgave forgiven, freeze froze frozen,
get got gotten, give gave given, go goes going went gone, grind ground, grow grew grown, hang hung,
have has had having, hear heard, hew hewn, hide hid hidden, hold held, keep kept, kneel knelt, know knew known,
lay laid, lead led, lean leant, leap leapt, learn learnt, leave left, lend lent, lie lay lain lying, light lit,
lose lost, make made, mean meant, meet met, mislead misled, mistake mistook mistaken, misunderstand misunderstood,
mow mown, outdo outdoes outdid outdone, outgrow outgrew outgrown, outrun outran, overcome overcame,
overdo overdoes overdid overdone, overhear overheard, override overrode overridden, oversee oversaw overseen,
oversleep overslept, overtake overtook overtaken, overthrow overthrew overthrown, partake partook partaken, pay paid,
plead pled, prove proven, rebuild rebuilt, redo redoes redid redone, repay repaid, resell resold,
retake retook retaken, retell retold, rethink rethought, rewind rewound, rewrite rewrote rewritten, ride rode ridden,
ring rang rung, rise rose risen, run ran, say said, see saw seen, seek sought, sell sold, send sent, sew sewn,
shake shook shaken, shear shorn, shine shone, shoot shot, show shown, shrink shrank shrunk, sing sang sung,
sink sank sunk, sit sat, slay slew slain, sleep slept, slide slid, sling slung, smell smelt, sow sown,
speak spoke spoken, speed sped, spell spelt, spend spent, spill spilt, spin spun, spit spat, spoil spoilt,
spring sprang sprung, stand stood, steal stole stolen, stick stuck, sting stung, stink stank stunk,
stride strode stridden, strike struck stricken, string strung, strive strove striven, swear swore sworn, sweep swept,
swell swollen, swim swam swum, swing swung, take took taken, teach taught, tear tore torn, tell told, think thought,
throw threw thrown, tread trod trodden, undergo undergoes underwent undergone, understand understood,
undertake undertook undertaken, undo undoes undid undone, unwind unwound, uphold upheld, wake woke woken,
wear wore worn, weave wove woven, weep wept, win won, wind wound, withdraw withdrew withdrawn, withhold withheld,
withstand withstood, wring wrung, write wrote written
"""
_NOUNS: Final = """
addendum addenda, alga algae, alumnus alumni, analysis analyses, antenna antennae, appendix appendices,
automaton automata, axis axes, bacterium bacteria, basis bases, bureau bureaux, businessman businessmen,
businesswoman businesswomen, cactus cacti, calf calves, chairman chairmen, child children, codex codices,
corpus corpora, craftsman craftsmen, crisis crises, criterion criteria, curriculum curricula, datum data,
diagnosis diagnoses, die dice, dwarf dwarves, elf elves, emphasis emphases, erratum errata, fireman firemen,
fisherman fishermen, focus foci, foot feet, formula formulae, forum fora, freshman freshmen, fungus fungi,
gentleman gentlemen, genus genera, goose geese, grandchild grandchildren, half halves, hoof hooves,
hypothesis hypotheses, index indices, knife knives, larva larvae, leaf leaves, life lives, loaf loaves, louse lice,
man men, matrix matrices, medium media, memorandum memoranda, mouse mice, nucleus nuclei, oasis oases, ox oxen,
parenthesis parentheses, penny pence, person people, phenomenon phenomena, plateau plateaux, policeman policemen,
postman postmen, quantum quanta, radius radii, referendum referenda, salesman salesmen, scarf scarves,
schema schemata, self selves, shelf shelves, spectrum spectra, spokesman spokesmen, spokeswoman spokeswomen,
stimulus stimuli, stratum strata, syllabus syllabi, symposium symposia, synthesis syntheses, thesis theses,
thief thieves, tooth teeth, vertebra vertebrae, vertex vertices, vortex vortices, wharf wharves, wife wives,
wolf wolves, woman women, workman workmen, yourself yourselves
"""
_ADJECTIVES: Final = "good better best, bad worse worst, far farther farthest further furthest, elder eldest"
_COMPARED: Final = """
big brave brief bright broad busy calm cheap clean clear clever close cold cool dark deep dirty dry early easy fair
fast fat fine firm free fresh full funny great happy hard healthy heavy high hot kind large late lazy light likely
long loud low lucky mad narrow near neat new nice old poor pretty proud quick quiet rare rich rough sad safe sharp
short sick simple slow small smart smooth soft strange strict strong sweet tall thick thin tight tiny ugly warm weak
wealthy wet wide wild wise young
"""
_DOUBLES: Final = re.compile(r"[^aeiou][aeiou][bdgnt]$")


def irregular() -> Iterator[list[str]]:
    """Yield the forms of one word after the other."""
    for forms in f"{_VERBS},{_NOUNS},{_ADJECTIVES}".split(","):
        yield forms.split()
    for adjective in _COMPARED.split():
        yield [adjective, *_compared(adjective)]


def _compared(adjective: str) -> list[str]:
    if adjective.endswith("e"):
        return [f"{adjective}r", f"{adjective}st"]
    if adjective.endswith("y"):
        return [f"{adjective[:-1]}ier", f"{adjective[:-1]}iest"]
    root = adjective + adjective[-1] if _DOUBLES.search(adjective) else adjective
    return [f"{root}er", f"{root}est"]
