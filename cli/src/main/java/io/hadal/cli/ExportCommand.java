package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.MemoryPlan;
import io.hadal.model.weights.GgufExport;
import io.hadal.model.weights.SafetensorsExport;
import io.hadal.model.weights.SafetensorsExport.Encoding;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal export}: a checkpoint in another format or with smaller numbers. */
@Command(
    name = "export",
    description = {
      "Writes a checkpoint as one GGUF file (models of type hadal), or as a folder of safetensors"
          + " in the layout of released checkpoints.",
      "Every command takes the result as --model."
    })
final class ExportCommand implements Callable<Integer> {
  /** What is written. */
  enum Format {
    GGUF,
    SAFETENSORS
  }

  /** What matrices may be stored as: in GGUF, and in safetensors. */
  enum Type {
    KEEP(null, Encoding.KEEP),
    F32(StorageType.F32, Encoding.F32),
    F16(StorageType.F16, Encoding.F16),
    BF16(StorageType.BF16, Encoding.BF16),
    Q8_0(StorageType.Q8_0, null),
    Q4_K(StorageType.Q4_K, null),
    MXFP4(StorageType.MXFP4, null),
    FP8(null, Encoding.FP8),
    FP4(null, Encoding.FP4);

    private final @Nullable StorageType storage;
    private final @Nullable Encoding encoding;

    Type(@Nullable StorageType storage, @Nullable Encoding encoding) {
      this.storage = storage;
      this.encoding = encoding;
    }

    private boolean fits(Format format) {
      return format == Format.GGUF ? this == KEEP || storage != null : encoding != null;
    }
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      required = true,
      description =
          "Folder with config.json, tokenizer.json and *.safetensors, or a GGUF file that Hadal has"
              + " written.")
  private Path model = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      required = true,
      description =
          "Where to write: FILE.gguf (replaced when all is done), or a new folder for safetensors.")
  private Path out = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Format format = Format.GGUF;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "How matrices are stored. Both formats: KEEP (the default, loses nothing), F32, F16, BF16;"
              + " GGUF: Q8_0, Q4_K, MXFP4; safetensors: FP8, FP4 as in released checkpoints.")
  private Type type = Type.KEEP;

  @Mixin private ProgressOption progress = new ProgressOption();

  @Override
  public Integer call() throws IOException {
    if (format == Format.GGUF && !out.toString().endsWith(".gguf")) {
      throw new ParameterException(
          spec.commandLine(),
          "--out: the name of a GGUF file ends in .gguf, not "
              + out
              + "; for a folder add --format safetensors");
    }
    if (!type.fits(format)) {
      throw new ParameterException(
          spec.commandLine(), "--type: " + format + " holds no " + type + "; it takes " + types());
    }
    PrintWriter err = spec.commandLine().getErr();
    try (ProgressBar bar = progress.start(err, "writing " + out.getFileName(), bytes())) {
      long[] before = {0};
      LongConsumer advance =
          read -> {
            bar.advance(read - before[0]);
            before[0] = read;
          };
      if (format == Format.GGUF) {
        GgufExport.write(model, out, type.storage, advance);
      } else {
        Encoding encoding = Objects.requireNonNull(type.encoding);
        SafetensorsExport.write(model, out, encoding, advance);
      }
    }
    Path weights = format == Format.GGUF ? out : out.resolve("model.safetensors");
    PrintWriter to = spec.commandLine().getOut();
    to.println("wrote " + out + ", " + MemoryPlan.size(Files.size(weights)));
    to.flush();
    return ExitCode.OK;
  }

  private String types() {
    return Arrays.stream(Type.values())
        .filter(t -> t.fits(format))
        .map(Type::name)
        .collect(Collectors.joining(", "));
  }

  private long bytes() {
    try (TensorStore store = Checkpoints.open(model)) {
      long total = 1;
      for (String name : store.names()) {
        total += store.get(name).data().byteSize();
      }
      return total;
    }
  }
}
