package io.hadal.cli;

import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.MemoryPlan;
import io.hadal.model.weights.GgufExport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal export}: a checkpoint as one GGUF file. */
@Command(
    name = "export",
    description = {
      "Writes a checkpoint of type hadal as one GGUF file, with configuration and tokenizer.",
      "Every command takes the file as --model."
    })
final class ExportCommand implements Callable<Integer> {
  /** What matrices may be stored as. */
  enum Type {
    KEEP(null),
    F32(StorageType.F32),
    F16(StorageType.F16),
    BF16(StorageType.BF16),
    Q8_0(StorageType.Q8_0),
    MXFP4(StorageType.MXFP4);

    private final @Nullable StorageType storage;

    Type(@Nullable StorageType storage) {
      this.storage = storage;
    }
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      required = true,
      description = "Folder with config.json, tokenizer.json and *.safetensors.")
  private Path model = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE.gguf",
      required = true,
      description = "Where to write; an earlier file is replaced when all is done.")
  private Path out = Path.of("");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "How matrices are stored: ${COMPLETION-CANDIDATES}. Default: keep, which loses nothing.")
  private Type type = Type.KEEP;

  @Mixin private ProgressOption progress = new ProgressOption();

  @Override
  public Integer call() throws IOException {
    if (!out.toString().endsWith(".gguf")) {
      throw new ParameterException(
          spec.commandLine(), "--out: the name of a GGUF file ends in .gguf, not " + out);
    }
    PrintWriter err = spec.commandLine().getErr();
    try (ProgressBar bar = progress.start(err, "writing " + out.getFileName(), bytes())) {
      long[] before = {0};
      GgufExport.write(
          model,
          out,
          type.storage,
          read -> {
            bar.advance(read - before[0]);
            before[0] = read;
          });
    }
    PrintWriter to = spec.commandLine().getOut();
    to.println("wrote " + out + ", " + MemoryPlan.size(Files.size(out)));
    to.flush();
    return ExitCode.OK;
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
