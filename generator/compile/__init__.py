"""From edited YAML to one compiled universe: the stages are listed in `generator.compile.stages`."""
