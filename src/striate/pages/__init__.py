"""What all pages of striate have in common: how templates are filled, and how the pages look.

A page is one file that loads nothing and runs no scripts. `base.css.j2` is the style they share,
for light and dark screens and for paper; a package that makes pages keeps its own templates.
"""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template


def template(package: str, name: str) -> Template:
    """A template of a package, which may include those that all pages share.

    All that is put into it is escaped, unless it is markup already; what is not there is an error.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("striate.pages", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
