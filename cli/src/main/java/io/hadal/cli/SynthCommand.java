package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import io.hadal.model.MemoryPlan;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.synthetic.StorageMix;
import io.hadal.model.synthetic.SyntheticModel;
import io.hadal.model.synthetic.SyntheticShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal synth}: a checkpoint with random weights to measure with. */
@Command(
    name = "synth",
    description = {
      "Writes a checkpoint with the layer dimensions of a released model, few layers and experts,"
          + " and random weights, so that speed can be measured without the released files.",
      "What it generates means nothing. The same options give the same bytes."
    })
final class SynthCommand implements Callable<Integer> {
  /** What is written. */
  enum Format {
    GGUF,
    SAFETENSORS
  }

  /** Names of shapes for the completion of words. */
  static final class Shapes implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return names().iterator();
    }

    static List<String> names() {
      return Arrays.stream(SyntheticShape.values()).map(SynthCommand::label).toList();
    }
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      required = true,
      description = "Where to write: FILE.gguf, or a folder for safetensors.")
  private Path out = Path.of("");

  @Option(
      names = "--shape",
      paramLabel = "SHAPE",
      completionCandidates = Shapes.class,
      description =
          "${COMPLETION-CANDIDATES}; V4.1 shapes are without n-gram tables. Default: v4-flash.")
  private String shape = label(SyntheticShape.V4_FLASH);

  @Option(
      names = "--layers",
      paramLabel = "N",
      description =
          "Layers. Default: 4, or 6 with V4.1 shapes; all kinds of layers are among them.")
  private @Nullable Integer layers;

  @Option(
      names = "--experts",
      paramLabel = "N",
      description =
          "Routed experts of a layer. Default: 32, or 8 with tiny shapes. Fewer than released ones give an"
              + " expert more tokens of a prompt.")
  private @Nullable Integer experts;

  @Option(
      names = "--vocab",
      paramLabel = "N",
      description = "Tokens of the vocabulary. Default: 16384, or 512 with tiny shapes.")
  private @Nullable Integer vocabulary;

  @ArgGroup(exclusive = true)
  private @Nullable Storage storage;

  static final class Storage {
    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description = "One type for all large matrices, such as Q4_K.")
    private @Nullable String type;

    @Option(
        names = "--mix",
        paramLabel = "PARTS",
        description =
            "Types by part: experts=TYPE,down=TYPE,rest=TYPE (down: the experts' down matrices)."
                + " Default: experts=IQ2_XXS,down=Q2_K,rest=Q8_0; with safetensors"
                + " experts=FP4,rest=FP8.")
    private @Nullable String mix;
  }

  @Option(names = "--seed", paramLabel = "S", description = "Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Format format = Format.GGUF;

  @Option(names = "--force", description = "Replace what is there.")
  private boolean force;

  @Mixin private ProgressOption progress = new ProgressOption();

  private static String label(SyntheticShape shape) {
    return switch (shape) {
      case V4_FLASH -> "v4-flash";
      case V41_FLASH -> "v4.1-flash";
      case TINY -> "tiny";
      case TINY_V41 -> "tiny-v4.1";
    };
  }

  @Override
  public Integer call() throws IOException {
    checkTarget();
    SyntheticShape wanted = shape();
    SyntheticModel model;
    long bytes;
    try {
      model =
          SyntheticModel.of(
              wanted,
              layers == null ? wanted.layers() : layers,
              experts == null ? wanted.experts() : experts,
              vocabulary == null ? wanted.vocabulary() : vocabulary,
              mix(),
              seed);
      bytes = format == Format.GGUF ? model.ggufBytes() : model.safetensorsBytes();
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage() + "");
    }
    requireSpace(bytes);
    PrintWriter err = spec.commandLine().getErr();
    try (Interruption interruption = Interruption.listen();
        ProgressBar bar = progress.start(err, "writing " + out.getFileName(), bytes)) {
      if (format == Format.GGUF) {
        model.writeGguf(out, piece -> advance(bar, interruption, piece));
      } else {
        model.writeSafetensors(out, piece -> advance(bar, interruption, piece));
      }
    }
    PrintWriter to = spec.commandLine().getOut();
    to.println("wrote " + out + ", " + MemoryPlan.size(bytes) + ": " + describe(model));
    to.flush();
    return ExitCode.OK;
  }

  private static void advance(ProgressBar bar, Interruption interruption, long piece) {
    interruption.check();
    bar.advance(piece);
  }

  private void checkTarget() throws IOException {
    if (format == Format.GGUF && !out.toString().endsWith(".gguf")) {
      throw usage(
          "--out: the name of a GGUF file ends in .gguf, not "
              + out
              + "; for a folder add --format safetensors");
    }
    Path file = format == Format.GGUF ? out : out.resolve("model.safetensors");
    if (format == Format.SAFETENSORS && Files.exists(out) && !Files.isDirectory(out)) {
      throw new FormatException(out.toString(), "is no folder; name one for safetensors");
    }
    if (Files.isDirectory(file)) {
      throw new FormatException(file.toString(), "is a folder; name a file");
    }
    if (Files.exists(file) && !force) {
      throw new FormatException(
          file.toString(), "exists already; add --force to replace it, or name another");
    }
  }

  /** Files of this kind are large; better to say so before than in the middle. */
  private void requireSpace(long bytes) throws IOException {
    Path parent = out.toAbsolutePath().normalize().getParent();
    if (format == Format.GGUF && (parent == null || !Files.isDirectory(parent))) {
      throw new FormatException(out.toString(), "cannot be written: there is no folder " + parent);
    }
    while (parent != null && !Files.isDirectory(parent)) {
      parent = parent.getParent();
    }
    if (parent != null && Files.getFileStore(parent).getUsableSpace() < bytes) {
      throw new FormatException(
          out.toString(),
          "needs "
              + MemoryPlan.size(bytes)
              + ", more than is free there; ask for fewer --layers or --experts");
    }
  }

  private SyntheticShape shape() {
    for (SyntheticShape s : SyntheticShape.values()) {
      if (label(s).equals(shape.toLowerCase(Locale.ROOT))) {
        return s;
      }
    }
    throw usage(
        "--shape: '" + shape + "' is unknown; there are " + String.join(", ", Shapes.names()));
  }

  private StorageMix mix() {
    if (storage != null && storage.type != null) {
      try {
        return StorageMix.of(StorageMix.type(storage.type));
      } catch (IllegalArgumentException e) {
        throw usage("--type: " + e.getMessage());
      }
    }
    if (storage != null && storage.mix != null) {
      try {
        return StorageMix.parse(storage.mix);
      } catch (IllegalArgumentException e) {
        throw usage("--mix: " + e.getMessage());
      }
    }
    return format == Format.GGUF
        ? new StorageMix(StorageType.IQ2_XXS, StorageType.Q2_K, StorageType.Q8_0)
        : new StorageMix(StorageType.FP4_E2M1, StorageType.FP4_E2M1, StorageType.F8_E4M3);
  }

  private String describe(SyntheticModel model) {
    ModelConfig config = model.config();
    return "%s, %d layers (%s), %d experts, %d tokens, %s"
        .formatted(
            label(shape()),
            config.layers().size(),
            config.layers().stream().map(LayerConfig::kind).collect(Collectors.joining(" ")),
            config.layers().getFirst().moe().experts(),
            config.vocabSize(),
            model.mix());
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
