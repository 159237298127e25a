# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes of C sources, each of one place, such as a careless hand would make (tests/bench/mutants)."""
import re
from dataclasses import dataclass

_TOKENS = re.compile(r"""
      (?P<skipped>/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:\\\n|[^\n])*|\s+)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.S | re.M | re.X)

# Between two operands.
_BINARY = {
    "<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "==": ["!="], "!=": ["=="],
    "+": ["-"], "-": ["+"], "/": ["*"], "%": ["/"], "<<": [">>"], ">>": ["<<"],
    "&": ["|"], "|": ["&"], "&&": ["||"], "||": ["&&"],
}
_ANYWHERE = {"+=": ["-="], "-=": ["+="], "++": ["--"], "--": ["++"], "|=": ["&="], "&=": ["|="],
             "true": ["false"], "false": ["true"]}
_NO_STATEMENT = {"return", "if", "for", "while", "do", "else", "switch", "case", "default", "goto", "break",
                 "continue", "static", "const", "struct", "enum", "extern", "typedef", "asm", "union"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass(frozen=True)
class Mutation:
    line: int
    start: int
    end: int
    old: str
    new: str
    shown: str  # the line as it was

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]

    def __str__(self):
        old, new = (" ".join(part.split()) or "nothing" for part in (self.old, self.new))
        return f"{self.shown}   [{old} -> {new}]"


def _tokens(text):
    return [Token(found.lastgroup, found[0], found.start()) for found in _TOKENS.finditer(text)
            if found.lastgroup != "skipped"]


def _is_operand(token):
    return token.kind in ("number", "word", "string") and token.text != "return" or token.text in ")]"


def _closing(tokens, index):
    """Of the bracket at index."""
    depth = 0
    for at in range(index, len(tokens)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(tokens[at].text, 0)
        if depth == 0:
            return at
    return len(tokens) - 1


def _bodies(tokens):
    """Indices of the tokens in functions: of each block at the top that follows a bracket."""
    index = 0
    while index < len(tokens):
        if tokens[index].text == "{":
            end = _closing(tokens, index)
            if tokens[index - 1].text == ")":
                yield range(index + 1, end)
            index = end
        index += 1


def _of_token(tokens, index):
    """What may stand in its place."""
    token, before = tokens[index], tokens[index - 1]
    if token.kind == "number":
        value = int(token.text.rstrip("uUlL"), 16 if token.text[:2] in ("0x", "0X") else 10)
        suffix = token.text[len(token.text.rstrip("uUlL")):]
        return [f"{value + 1}{suffix}"] + ([f"{value - 1}{suffix}"] if value else [])
    if token.text in _ANYWHERE:
        return _ANYWHERE[token.text]
    return _BINARY.get(token.text, []) if _is_operand(before) else []


def _begins_statement(tokens, index):
    before = tokens[index - 1]
    if before.text != ")":
        return before.text in (";", "{", "}", "else")

    depth = 0
    for at in range(index - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(tokens[at].text, 0)
        if depth == 0:
            return tokens[at - 1].text in ("if", "for", "while")
    return False


def _of_statement(tokens, index, limit):
    """(start, end, new) of larger pieces that begin here."""
    token = tokens[index]
    if token.text in ("if", "while") and tokens[index + 1].text == "(":
        end = _closing(tokens, index + 1)
        yield tokens[index + 1].end, tokens[end].start, "!({})"
    if token.text in "{};)" or not _begins_statement(tokens, index):
        return

    end = index
    while end < limit and tokens[end].text != ";":
        end = _closing(tokens, end) + 1 if tokens[end].text in "([{" else end + 1
    if end >= limit or any(item.text == "{" for item in tokens[index:end]):
        return
    if token.text == "return" and end > index + 1 and tokens[index + 1].text not in ("0", "NULL", "false"):
        yield tokens[index + 1].start, tokens[end].start, "0"
    if token.text in ("break", "continue") or token.kind != "string" and token.text not in _NO_STATEMENT and \
            any(item.text in ("(", "++", "--") or item.text.endswith("=") for item in tokens[index:end]):
        yield token.start, tokens[end].end, ";"


def mutations(text):
    """All of a source's, by place."""
    tokens, lines = _tokens(text), text.splitlines()

    def mutation(start, end, new):
        line = text.count("\n", 0, start) + 1
        old = text[start:end]
        return Mutation(line, start, end, old, new.format(old) if "{}" in new else new, lines[line - 1].strip())

    found = []
    for body in _bodies(tokens):
        for index in body:
            found += [mutation(tokens[index].start, tokens[index].end, new) for new in _of_token(tokens, index)]
            found += [mutation(*piece) for piece in _of_statement(tokens, index, body.stop)]
    return found
