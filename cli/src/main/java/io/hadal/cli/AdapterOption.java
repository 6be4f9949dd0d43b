package io.hadal.cli;

import io.hadal.model.weights.Adapter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --adapter} of every command that loads a model. */
final class AdapterOption {
  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "What `hadal finetune --method lora` has made of this model, to be applied.")
  private @Nullable Path folder;

  /** The adapter, or null when none is asked for. */
  @Nullable Adapter open() {
    return folder == null ? null : Adapter.open(folder);
  }
}
