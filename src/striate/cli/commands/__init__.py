"""One file per command; the folder is the list of commands.

The file is named like the verb. Its first line is a docstring whose first sentence is the command's
line in `striate --help`. It holds a function of the verb's name (with `_` behind it where Python
uses the name itself, as in `eval_`), whose parameters, annotated for typer, are the arguments and
options. The function prints to stdout what was asked for, everything else to stderr, and returns
nothing or an exit code: 0 done, 1 done and the answer is no, 2 the user's mistake (raise a
`StriateError` for that).

`striate --help` imports none of these files, `striate VERB --help` only one: so heavy packages
(torch, numpy) are imported inside the function.
"""
