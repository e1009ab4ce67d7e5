"""Where the scenarios of the Python clients are gathered."""

scenarios = {}


def scenario(name, kind):
    """Adds a scenario. `kind` says what entity it gets: the kinds are in Scenario.cs."""

    def add(run):
        if name in scenarios:
            raise ValueError(f"Two scenarios are named '{name}'.")
        scenarios[name] = run
        return run

    return add
