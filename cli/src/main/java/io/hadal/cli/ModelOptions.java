package io.hadal.cli;

import io.hadal.engine.EngineOptions;
import io.hadal.model.Model;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code --model} with the options it is run by. */
final class ModelOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      required = true,
      description = "Checkpoint: a folder with config.json and *.safetensors, or a GGUF file.")
  private Path model = Path.of("");

  @Mixin private RunOptions run = new RunOptions();

  Path path() {
    return model;
  }

  Model load() {
    return Model.load(model);
  }

  RunOptions run() {
    return run;
  }

  EngineOptions engine(int context) {
    return run.engine(context);
  }
}
