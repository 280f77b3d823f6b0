# SPDX-License-Identifier: GPL-2.0-or-later
"""Conditions over the names of a probe's arguments, made expressions of GDB.

    op == write && length > 4096     $_fathom("op") == 1 && $_fathom("length") > 4096
    op == "write"                    $_fathom("op") == 1
    type == "run"                    $_streq($_fathom("type"), "run")

Names of arguments and enum words come before names of the program; what is neither is left
as it is, so that a condition may use the program's variables too."""
import re

import gdb

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|(?:->|\.|\$|::)\s*\w+|0[xX]\w+|\d[\w.]*'
                   r'|[A-Za-z_]\w*|\s+|.', re.S)


def words_of(arguments):
    """Enum words to values; a word with two meanings has the value None."""
    words = {}
    for argument in arguments:
        for value, word in argument.words.items():
            if argument.kind != "s":
                value &= (1 << 8 * argument.size) - 1
            words[word] = value if words.get(word, value) == value else None
    return words


def unquote_words(argument, text):
    """NAME == "word" for an argument with enum words, either way round."""
    word = rf'"(?P<word>{"|".join(map(re.escape, argument.words.values()))})"'
    text = re.sub(rf'\b(?P<left>{argument.name}\s*[=!]=\s*){word}', r"\g<left>\g<word>", text)
    return re.sub(rf'{word}(?P<right>\s*[=!]=\s*{argument.name}\b)', r"\g<word>\g<right>", text)


def compare_text(name, text):
    """NAME == "text" for a text argument, either way round."""
    literal = r'"(?:[^"\\]|\\.)*"'

    def call(match):
        sign = "!" if match["sign"] == "!=" else ""
        return f'{sign}$_streq({name}, {match["text"]})'

    text = re.sub(rf'\b{name}\s*(?P<sign>==|!=)\s*(?P<text>{literal})', call, text)
    return re.sub(rf'(?P<text>{literal})\s*(?P<sign>==|!=)\s*{name}\b', call, text)


def translate(condition, arguments):
    """The condition for GDB; GdbError if a word has two meanings."""
    names, words = {argument.name for argument in arguments}, words_of(arguments)
    for argument in arguments:
        if argument.kind == "t":
            condition = compare_text(argument.name, condition)
        elif argument.words:
            condition = unquote_words(argument, condition)
    names |= {f"arg{number}" for number in range(1, len(arguments) + 1)}
    result = []
    for token in TOKEN.findall(condition):
        if token in names:
            token = f'$_fathom("{token}")'
        elif token in words:
            if words[token] is None:
                raise gdb.GdbError(f"{token} has two meanings here: use its number")
            token = str(words[token])
        result.append(token)
    return "".join(result)
