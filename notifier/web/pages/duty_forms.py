"""The definition of a new duty as a form: whom it concerns, after what, until when it is open, how it is reminded of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from notifier.catalogue.loader import Catalogue
from notifier.domain import exemptions
from notifier.domain.assertions import DONE, settled_by_word
from notifier.domain.ladders import Ladder
from notifier.domain.law import Modality, Party
from notifier.intake import DEALT_WITH
from notifier.web.forms import Form
from notifier.web.standing_words import LADDERS, ROLLS

MODALITIES: Final = (
    (Modality.REQUIRED.value, "必須"),
    (Modality.OPTIONAL.value, "任意"),
    (Modality.RECOMMENDED.value, "推奨"),
)
TEXTS: Final = (
    ("title", "期限の名称", True),
    ("short", "件名に使う短い名称（8文字まで）", True),
    ("action", "すること", True),
    ("where", "方法・提出先", True),
    ("silence", "何もしないと", True),
    ("money", "金額", False),
    ("concerns_wording", "対象（お知らせに載せる書き方）", False),
)
PARTIES: Final = (
    (Party.OFFICE.value, "事業所"),
    (Party.MUNICIPALITY.value, "市区町村"),
    (Party.PREFECTURE.value, "都道府県"),
)
WORD, FACTS, NEVER, KEPT = "word", "facts", "never", "kept"
SETTLED: Final = (
    (WORD, "「済んだ」と申告されたとき（事業所のページ、メールの返信、職員の登録のどれでも）"),
    (FACTS, "次の出来事のどれかが登録されたとき"),
    (NEVER, "完了しない（お知らせだけ）"),
)
AS_IT_IS: Final = (KEPT, "いまの条件のまま（データで細かく書かれています）")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers, each as (value, label)."""

    services: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, str]]
    ladders: Sequence[tuple[str, str]]
    modalities: Sequence[tuple[str, str]] = MODALITIES
    parties: Sequence[tuple[str, str]] = PARTIES
    settled: Sequence[tuple[str, str]] = SETTLED
    rolls: Sequence[tuple[str, str]] = tuple(ROLLS.items())
    texts: Sequence[tuple[str, str, bool]] = TEXTS
    kept: tuple[str, ...] = ()


def choices(catalogue: Catalogue, ladders: Mapping[str, Ladder], known: Mapping[str, Any]) -> Choices:
    """Return what can be chosen; `kept` names the conditions of the `known` definition that no form can show."""
    apart = {*DEALT_WITH, *exemptions.TYPES, DONE}
    facts = [
        (each.type, each.label)
        for each in catalogue.facts.values()
        if each.subject == "office" and each.type not in apart
    ]
    return Choices(
        [(each.code, f"{each.name}（{each.code}）") for each in catalogue.services.values()],
        sorted(facts, key=lambda each: each[1]),
        [(name, f"{label}：{_days(ladders[name])}") for name, label in LADDERS.items() if name in ladders],
        kept=tuple(name for name in ("concerns", "taken_up", "excluded") if _chosen(known, name) is None),
    )


def _days(ladder: Ladder) -> str:
    days = [f"{each}日前" if each else "当日" for each in ladder.days]
    return "・".join(days) if days else "知らせません"


def values_of(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the fields of a definition; one that is new begins with the usual."""
    values: dict[str, Any] = {f"new_{name}": str(known.get(name, "")) for name, *_ in TEXTS}
    values["new_modality"] = str(known.get("modality", Modality.REQUIRED.value))
    values["new_ladder"] = str(known.get("ladder", "fixed"))
    values["new_roll"] = str(known.get("roll", "none"))
    values["new_parties"] = list(known.get("parties", [Party.OFFICE.value]))
    for name in ("concerns", "taken_up", "excluded"):
        values[f"new_{name}"] = [KEPT] if _chosen(known, name) is None else _chosen(known, name)
    values["new_settled"], values["new_settled_by"] = _settled(known)
    return values


def _chosen(known: Mapping[str, Any], name: str) -> list[str] | None:
    """Return the codes or types that a condition names; None if it says more than a list."""
    written = known.get(name) or {}
    key = "services" if name == "concerns" else "fact"
    found = written.get(key, [])
    plain = set(written) <= {key} and isinstance(found, list | str)
    return ([found] if isinstance(found, str) else list(found)) if plain else None


def _settled(known: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return how a duty is settled, and by which types of facts."""
    if "settled_by" not in known:
        return WORD, []
    written = known["settled_by"]
    if not written:
        return NEVER, []
    if written == settled_by_word(str(written[0].get("where", {}).get("deadline", ""))):
        return WORD, []
    types = written[0].get("fact", [])
    plain = len(written) == 1 and set(written[0]) <= {"fact", "count", "inside"}
    plain = plain and written[0].get("count", 1) == 1 and not written[0].get("inside")
    return (FACTS, [types] if isinstance(types, str) else list(types)) if plain else (KEPT, [])


def definition_of(form: Form, known: Mapping[str, Any], name: str, offered: Choices) -> dict[str, Any]:
    """Return the definition of the duty `name` that the form describes, starting from what was `known`."""
    texts = {
        each: form.text(f"new_{each}", label, needed=needed, longest=400) for each, label, needed in TEXTS
    }
    found = {each: value for each, value in known.items() if each not in texts}
    found |= {each: text for each, text in texts.items() if text}
    found["modality"] = form.one_of("new_modality", "義務の強さ", _values(MODALITIES))
    found["ladder"] = _one(
        form, "new_ladder", "知らせる日", offered.ladders, str(known.get("ladder", "fixed"))
    )
    roll = _one(form, "new_roll", "閉庁日のとき", offered.rolls, str(known.get("roll", "none")))
    found |= {"roll": roll} if roll != "none" or "roll" in known else {}
    parties = form.some_of("new_parties", "だれの期限か", _values(PARTIES))
    found["parties"] = list(parties) or list(known.get("parties", [Party.OFFICE.value]))
    for each, key, among in (
        ("concerns", "services", offered.services),
        ("taken_up", "fact", offered.facts),
        ("excluded", "fact", offered.facts),
    ):
        if not form.is_ticked(f"new_{each}", KEPT):
            chosen = form.some_of(f"new_{each}", "条件", _values(among))
            found.pop(each, None)
            found |= {each: {key: list(chosen)}} if chosen else {}
    if "taken_up" in found and not found.get("taken_up_wording"):
        labels = dict(offered.facts)
        named = [labels.get(each, each) for each in _chosen(found, "taken_up") or ()]
        found["taken_up_wording"] = f"{'・'.join(named)}があった事業所"
    return found | _settlement(form, known, name, offered)


def _settlement(form: Form, known: Mapping[str, Any], name: str, offered: Choices) -> dict[str, Any]:
    how = _one(form, "new_settled", "完了の条件", (*SETTLED, AS_IT_IS), _settled(known)[0])
    if how == FACTS:
        chosen = form.some_of("new_settled_by", "完了とみなす出来事", _values(offered.facts), needed=True)
        return {"settled_by": [{"fact": list(chosen)}]}
    if how == KEPT:
        return {}
    return {"settled_by": settled_by_word(name) if how == WORD else []}


def _one(form: Form, name: str, label: str, among: Sequence[tuple[str, str]], usual: str) -> str:
    """Return what was chosen; the usual where the field was not sent at all."""
    if not form.value(name) or form.value(name) == usual:
        return usual
    return form.one_of(name, label, _values(among))


def _values(among: Sequence[tuple[str, str]]) -> list[str]:
    return [value for value, _ in among]
