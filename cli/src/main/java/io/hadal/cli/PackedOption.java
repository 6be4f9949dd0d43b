package io.hadal.cli;

import io.hadal.model.packed.PackedChoice;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --packed} of every command that runs a model in mode fast. */
final class PackedOption {
  @Option(
      names = "--packed",
      paramLabel = "WHERE",
      description =
          "Packed weights of mode FAST: auto (a side file of `hadal pack` where there is one, else"
              + " memory), memory, or a side FILE. Default: auto.")
  private @Nullable String where;

  /** What was asked for, else a default. */
  PackedChoice or(PackedChoice other) {
    return where == null ? other : PackedChoice.parse(where, Path.of(""));
  }
}
