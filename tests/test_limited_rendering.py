"""Templates that authorities write: nothing leaks, nothing hangs, and their frames equal plain rendering."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.rendering import Composer, TemplateFaultError
from notifier.rendering.child import Renderer, sandbox
from notifier.rendering.composer import Compiler
from notifier.rendering.limited import Child, LimitedComposer, Limits, Stationery
from notifier.rendering.plain import frame_data, letter_data, read_frame, read_letter, renamed
from notifier.rendering.samples import FULL, lacking, letter_of, letters
from notifier.rendering.views import read
from notifier.trying import base_of, changed_beneath, difference, digest_of, names, try_out
from notifier.web.template_words import label_of, problem_of
from tests.test_rendering import same

COMPOSER = Composer()
OPENING = "email/opening.txt"
OWN = {OPENING: "{{ addressee.name }} 御中\nいつも <b>ありがとう</b> ございます。\n"}
COMPILER = Compiler(sandbox(OWN, COMPOSER.folders), "own", watched=True)
NASTY = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["<script>alert(1)</script>", "B&C \"訪問\" 'ケア'", "{{ 7 * 7 }}", "0n0z", "\\g<0>", ""]
    ),
)


# ---- frames -----------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(first=NASTY, second=NASTY)
def test_a_letter_from_the_frame_of_a_version_equals_the_letter_rendered_as_a_whole(
    first: str, second: str
) -> None:
    sample = letter_of([FULL])
    frame = COMPILER.compile(renamed(sample, first, "1"), *read(renamed(sample, first, "1")))
    other = renamed(sample, second, "2")
    values = read(other)[2]
    joined = frame.fill(values)
    assert joined is not None
    assert same(joined, COMPILER.render(other, values))


def test_what_an_authority_writes_stands_in_text_and_html_and_never_becomes_markup() -> None:
    said = COMPILER.render(letter_of([FULL]), read(letter_of([FULL]))[2])
    assert "見本介護センター1号館 御中\nいつも <b>ありがとう</b> ございます。" in said.text
    assert "いつも &lt;b&gt;ありがとう&lt;/b&gt; ございます。" in said.html


async def test_letters_of_a_version_are_composed_in_their_order_and_again_without_a_process() -> None:
    composer = LimitedComposer(OWN, COMPOSER.folders)
    asked = [renamed(letter_of([FULL]), f"事業所{number}", str(number)) for number in range(3)]
    said = await composer.compose(asked)
    assert [each.text[:4] for each in said] == ["事業所0", "事業所1", "事業所2"]
    assert await composer.compose(list(reversed(asked))) == list(reversed(said))


async def test_a_version_that_cuts_a_name_is_rendered_whole_for_each_letter() -> None:
    composer = LimitedComposer({OPENING: "{{ addressee.name[:3] }}さま\n"}, COMPOSER.folders)
    asked = [renamed(letter_of([FULL]), name, "1") for name in ("さくら台", "なのはな")]
    assert [
        "さくらさま" in each.text or "なのはさま" in each.text for each in await composer.compose(asked)
    ] == [
        True,
        True,
    ]


def test_letters_and_frames_travel_as_plain_data() -> None:
    for letter in letters():
        assert read_letter(letter_data(letter)) == letter
    letter = letter_of([FULL])
    frame = COMPILER.compile(letter, *read(letter))
    assert read_frame(frame_data(frame), frame.contents) == frame
    assert read_frame(None, ()).parts is None


def test_composers_of_versions_are_kept_and_the_eldest_forgotten() -> None:
    kept = Stationery()
    first = kept.of(0, {}, ())
    assert kept.of(0, {}, ()) is first
    for number in range(1, Stationery.MOST + 1):
        kept.of(number, {}, ())
    assert kept.of(0, {}, ()) is not first


# ---- limits -----------------------------------------------------------------------------------------------

LEAKS = (
    "{{ ''.__class__.__mro__ }}",
    "{{ letter.__class__ }}",
    "{{ letter.sections.__class__.__base__.__subclasses__() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''|attr('__class__') }}",
    "{{ lipsum.__globals__['os'].environ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ addressee|map(attribute='__class__')|list }}",
    "{% include '../../../etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ letter.sections.append(1) }}",
)
BOMBS = (
    "{{ 'a' * 10 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x'.ljust(10 ** 10) }}",
    "{{ 'x'.center(10 ** 10) }}",
    "{{ range(10 ** 9)|list }}",
    "{{ 9 ** (9 ** 9) }}",
    "{% include 'email/opening.txt' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
)


@pytest.mark.parametrize("source", LEAKS)
def test_a_template_reaches_nothing_but_what_it_is_given(source: str) -> None:
    answer = Renderer({OPENING: source}, COMPOSER.folders).answer(
        {"what": "whole", "letter": letter_data(letter_of([FULL]))}
    )
    assert "fault" in answer


@pytest.mark.parametrize("source", BOMBS)
async def test_a_template_that_grows_or_loops_is_ended_with_its_process(source: str) -> None:
    async with Child.started({OPENING: source}, COMPOSER.folders, Limits(seconds=3)) as child:
        with pytest.raises(TemplateFaultError):
            await child.whole(letter_of([FULL]))


async def test_a_process_has_no_environment_and_writes_no_file() -> None:
    async with Child.started({}, COMPOSER.folders) as child:
        assert child._process.pid  # noqa: SLF001 -- looked at from outside
        with open(f"/proc/{child._process.pid}/environ", "rb") as file:  # noqa: ASYNC230, PTH123, SLF001 -- the same
            assert {each.partition(b"=")[0] for each in file.read().split(b"\0") if each} <= {
                b"PYTHONPATH",
                b"PYTHONUTF8",
            }
        await child.whole(letter_of([FULL]))
        with open(f"/proc/{child._process.pid}/limits", encoding="ascii") as file:  # noqa: ASYNC230, PTH123, SLF001 -- the same
            limits = file.read()
    assert "Max file size             0" in limits


# ---- trying out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source,line,said",
    [
        ("a\n{{ wrong }}", 2, "「wrong」という名前はありません"),
        ("{% if count > 99 %}{{ hidden }}{% endif %}", 1, "「hidden」という名前はありません"),
        ("{{ letter.wrong }}", 1, "「wrong」という項目はありません"),
        ("a\nb\n{% for", 3, "書き方に誤りがあります"),
        ("{{ ''.__class__ }}", 1, "安全のため"),
        ("{{ 'a' * 10 ** 9 }}", 0, "大きすぎるか"),
        ("{% include 'email/opening.txt' %}", 0, "自分自身を取り込んでいる"),
    ],
)
async def test_what_is_wrong_is_named_with_its_line(source: str, line: int, said: str) -> None:
    trial = await try_out(COMPOSER, {OPENING: source})
    [(file, number, problem)] = trial.faults
    assert number == line
    assert said in problem_of(file, number, problem)


async def test_the_shipped_templates_say_all_that_must_be_said() -> None:
    trial = await try_out(COMPOSER, {}, letter_of([FULL]))
    assert (trial.faults, trial.doubts) == ((), ())
    assert trial.shown is not None
    assert lacking(trial.shown, "text") == lacking(trial.shown, "html") == []


async def test_what_a_version_leaves_out_is_named() -> None:
    trial = await try_out(COMPOSER, {"email/reminder/body.txt": "短い。\n"})
    assert trial.faults == ()
    assert "期日（テキスト）" in trial.doubts
    assert "根拠の資料（テキスト）" in trial.doubts
    assert "期日（HTML）" not in trial.doubts


def test_every_template_of_a_letter_can_be_edited_and_has_a_name() -> None:
    found = names(COMPOSER)
    assert {OPENING, "email/letter.txt", "email/reminder/body.html", "email/style.css"} <= set(found)
    assert all(label_of(each) for each in found)
    assert base_of(COMPOSER, OPENING) == ""
    for wrong in ("pages/board.html", "email/../pages/board.html", "email/none.txt"):
        with pytest.raises(KeyError):
            base_of(COMPOSER, wrong)


def test_a_version_made_from_an_older_base_is_noticed() -> None:
    bases = {OPENING: digest_of(""), "email/letter.txt": "another", "email/gone.txt": "x"}
    assert changed_beneath(COMPOSER, bases) == ["email/letter.txt", "email/gone.txt"]


def test_a_difference_shows_what_was_added_and_taken_out_with_a_few_lines_around() -> None:
    old = "\n".join(f"行{number}" for number in range(20))
    new = old.replace("行5\n", "").replace("行15", "行十五")
    shown = [(each.sign, each.text) for each in difference(old, new)]
    assert ("-", "行5") in shown
    assert ("+", "行十五") in shown
    assert ("…", "") in shown
    assert ("行0") not in [text for _, text in shown]
    assert difference(old, old) == []
