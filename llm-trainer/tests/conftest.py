"""What all tests share: telling the figures of the promises."""

pytest_plugins = ("tests.promises",)
