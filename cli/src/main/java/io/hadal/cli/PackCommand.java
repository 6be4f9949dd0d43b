package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.FormatException;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import io.hadal.model.packed.PackedFile;
import io.hadal.model.packed.PackedFileWriter;
import io.hadal.model.packed.PackedPlaces;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal pack}: a side file of packed weights. */
@Command(
    name = "pack",
    description = {
      "Writes the packed weights of mode FAST to a side file, which is mapped from then on instead of"
          + " packing into memory at every start.",
      "A run that was ended, in whatever way, is continued by the same command."
    })
final class PackCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      required = true,
      description = "Checkpoint: a folder with config.json and *.safetensors, or a GGUF file.")
  private Path model = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description =
          "Where to write. Default: MODEL.hadal-pack beside the model, or the user's cache where that"
              + " folder cannot be written; these are found by themselves, others with --packed FILE.")
  private @Nullable Path out;

  @Option(names = "--force", description = "Write the file anew, whatever is there.")
  private boolean force;

  @Option(
      names = "--verify",
      description = "Check every byte of the file that is there and write nothing.")
  private boolean verify;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Worker threads; the file does not depend on them. Default: all processors.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Override
  public Integer call() throws IOException {
    if (threads < 1 || threads > 1024) {
      throw usage("--threads must be 1..1024, not " + threads);
    }
    if (verify && force) {
      throw usage("--verify writes nothing; leave out --force");
    }
    try (Model loaded = Model.load(model);
        WorkerPool pool = new WorkerPool(threads)) {
      String fingerprint = loaded.packedFingerprint();
      Path target = target(fingerprint);
      if (verify) {
        return verify(target, fingerprint);
      }
      PackedFileWriter writer = new PackedFileWriter(target, fingerprint, loaded.packable(), pool);
      if (writer.packedBytes() == 0) {
        say("mode FAST packs nothing of this model: its matrices are read as they are stored");
        return ExitCode.OK;
      }
      if (!force && isCurrent(target, fingerprint)) {
        say(target + " is up to date; --verify checks it, --force writes it anew");
        return ExitCode.OK;
      }
      write(writer, target);
    }
    return ExitCode.OK;
  }

  private void write(PackedFileWriter writer, Path target) throws IOException {
    Files.createDirectories(folder(target));
    if (force) {
      writer.discard();
    }
    requireSpace(writer, target);
    long found;
    try (Interruption interruption = Interruption.listen();
        ProgressBar bar =
            progress.start(
                spec.commandLine().getErr(),
                "packing " + model.getFileName(),
                writer.packedBytes())) {
      found =
          writer.write(
              bytes -> {
                interruption.check();
                bar.advance(bytes);
              });
    }
    say(
        "wrote "
            + target
            + ", "
            + MemoryPlan.size(writer.bytes())
            + (found == 0 ? "" : "; " + MemoryPlan.size(found) + " of an earlier run were kept"));
  }

  private int verify(Path target, String fingerprint) {
    List<String> damaged;
    try (PackedFile file = PackedFile.open(target, fingerprint);
        Interruption interruption = Interruption.listen();
        ProgressBar bar =
            progress.start(
                spec.commandLine().getErr(),
                "checking " + target.getFileName(),
                Math.max(1, file.bytes()))) {
      damaged =
          file.damaged(
              bytes -> {
                interruption.check();
                bar.advance(bytes);
              });
      if (damaged.isEmpty()) {
        say(target + " is sound: " + file.size() + " matrices");
        return ExitCode.OK;
      }
    }
    Hadal.complain(
        spec.commandLine().getErr(),
        target
            + ": "
            + damaged.size()
            + " matrices are damaged, first "
            + damaged.getFirst()
            + "; --force writes the file anew");
    return ExitCode.CHECK_FAILED;
  }

  private Path target(String fingerprint) {
    if (out != null) {
      return out;
    }
    Path beside = PackedPlaces.beside(model);
    Path cached = PackedPlaces.user().cached(fingerprint);
    boolean near = verify ? Files.exists(beside) : Files.isWritable(folder(beside));
    return near ? beside : cached;
  }

  private static Path folder(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    return parent == null ? file.toAbsolutePath() : parent;
  }

  /** True when there is nothing to do; fails when the file is somebody else's. */
  private boolean isCurrent(Path target, String fingerprint) throws IOException {
    if (Files.isDirectory(target)) {
      throw new FormatException(target.toString(), "is a folder; name a file with --out");
    }
    if (!Files.exists(target)) {
      return false;
    }
    if (!PackedFileWriter.isSideFile(target)) {
      throw new FormatException(
          target.toString(),
          "is no side file; add --force to replace it, or name another with --out");
    }
    try (PackedFile file = PackedFile.open(target, fingerprint)) {
      return file.size() > 0;
    } catch (FormatException e) {
      // Stale or damaged, which is what this command is for.
      return false;
    }
  }

  private void requireSpace(PackedFileWriter writer, Path target) throws IOException {
    long needed = writer.bytes() - writer.partBytes();
    if (Files.getFileStore(folder(target)).getUsableSpace() < needed) {
      throw new FormatException(
          target.toString(),
          "needs "
              + MemoryPlan.size(needed)
              + ", more than is free there; name another place with --out");
    }
  }

  private void say(String line) {
    PrintWriter to = spec.commandLine().getOut();
    to.println(line);
    to.flush();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
