package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal logits}: the model's output at every position, for other programs. */
@Command(
    name = "logits",
    description = {
      "Writes the logits behind every token: logits [N, vocabulary] F32 and argmax [N] I32.",
      "The tokens file holds an array of ids, {\"ids\": […]} or {\"tokens\": […]}; an object of"
          + " named arrays gives NAME.logits and NAME.argmax for each."
    })
final class LogitsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.exact();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = "--tokens",
      paramLabel = "FILE.json",
      required = true,
      description = "The token ids.")
  private Path tokens = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE.safetensors",
      required = true,
      description = "Where to write; an earlier file is replaced when all is done.")
  private Path out = Path.of("");

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description = "Tokens per step; the result does not depend on it. Default: 128.")
  private int chunk = 128;

  @Override
  public Integer call() throws IOException {
    Map<String, int[]> lists = TokenIds.lists(tokens);
    int longest = 1;
    long total = 0;
    for (int[] ids : lists.values()) {
      longest = Math.max(longest, ids.length);
      total += ids.length;
    }
    try (Model loaded = model.load()) {
      int vocabulary = loaded.config().vocabSize();
      lists.values().forEach(ids -> TokenIds.check(ids, loaded.config(), tokens.toString()));
      SafetensorsWriter.Layout layout =
          SafetensorsWriter.layout().metadata("mode", mode.mode().name());
      lists.forEach(
          (name, ids) -> {
            layout.tensor(prefix(name) + "logits", StorageType.F32, ids.length, vocabulary);
            layout.tensor(prefix(name) + "argmax", StorageType.I32, ids.length);
          });
      try (Engine engine = new Engine(loaded, options(longest));
          SafetensorsWriter writer = layout.create(out);
          Interruption interruption = Interruption.listen();
          ProgressBar bar =
              progress.start(spec.commandLine().getErr(), "computing logits", total)) {
        lists.forEach((name, ids) -> write(engine, ids, prefix(name), writer, bar, interruption));
        writer.finish();
      }
    }
    return ExitCode.OK;
  }

  private io.hadal.engine.EngineOptions options(int longest) {
    try {
      return model.engine(longest).withMode(mode.mode()).withStepTokens(chunk);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--chunk: " + e.getMessage());
    }
  }

  private void write(
      Engine engine,
      int[] ids,
      String prefix,
      SafetensorsWriter writer,
      ProgressBar bar,
      Interruption interruption) {
    try (Session session = engine.newSession()) {
      for (int from = 0; from < ids.length; from += chunk) {
        interruption.check();
        int[] part = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + chunk));
        int[] argmax = new int[part.length];
        float[][] rows = session.appendAll(part);
        for (int i = 0; i < rows.length; i++) {
          writer.write(prefix + "logits", rows[i]);
          argmax[i] = Sampler.argmax(rows[i]);
        }
        writer.write(prefix + "argmax", argmax);
        bar.advance(part.length);
      }
    }
  }

  private static String prefix(String name) {
    return name.equals(TokenIds.UNNAMED) ? "" : name + ".";
  }
}
