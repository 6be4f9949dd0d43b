package io.hadal.cli;

import io.hadal.engine.EngineOptions;
import io.hadal.model.Model;
import io.hadal.model.packed.PackedChoice;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code --model} with the options it is run by. */
final class ModelOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      required = true,
      description = "Checkpoint: a folder with config.json and *.safetensors, or a GGUF file.")
  private Path model = Path.of("");

  @Mixin private EngramOption engram = new EngramOption();

  @Mixin private AdapterOption adapter = new AdapterOption();

  @Mixin private RunOptions run = new RunOptions();

  @Mixin private PackedOption packed = new PackedOption();

  Path path() {
    return model;
  }

  /** Loads the model; says so when an option has no meaning for it. */
  Model load() {
    Model loaded = Model.load(model, engram.cacheBytes(), adapter.open());
    loaded.choosePacked(packed.or(PackedChoice.AUTO));
    if (engram.cacheBytes() > 0 && loaded.engram() == null) {
      Hadal.complain(
          spec.commandLine().getErr(), "the model has no Engram; --engram-cache does nothing");
    }
    return loaded;
  }

  RunOptions run() {
    return run;
  }

  EngineOptions engine(int context) {
    return run.engine(context);
  }
}
