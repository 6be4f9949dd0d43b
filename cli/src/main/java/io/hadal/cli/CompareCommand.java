package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.compare.ModeDistance;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code hadal compare}: how far two numeric modes of a model are apart. */
@Command(
    name = "compare",
    description = {
      "Measures how far the predictions of two numeric modes are apart: mean and largest"
          + " Kullback-Leibler divergence, and how often both find the same token most likely.",
      "Takes text files, or token ids as `hadal logits` does."
    })
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Checkpoint. Default: the model that comes with Hadal.")
  private @Nullable Path model;

  @Mixin private RunOptions run = new RunOptions();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Parameters(paramLabel = "FILE", arity = "0..*", description = "Text files, UTF-8.")
  private List<Path> files = List.of();

  @Option(names = "--tokens", paramLabel = "FILE.json", description = "Token ids, in lists.")
  private @Nullable Path tokens;

  @Option(
      names = "--modes",
      paramLabel = "A,B",
      split = ",",
      description =
          "The reference and what is compared with it: ${COMPLETION-CANDIDATES}. Default: EXACT,FAST.")
  private List<NumericMode> modes = List.of(NumericMode.EXACT, NumericMode.FAST);

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens that the model sees at once. Default: 2048.")
  private int window = 2048;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (modes.size() != 2) {
      throw usage("--modes takes two modes, such as exact,fast");
    }
    if (window < 1 || window > 1 << 20) {
      throw usage("--window must be 1..1048576, not " + window);
    }
    if (files.isEmpty() == (tokens == null)) {
      throw usage("name text files, or token ids with --tokens");
    }
    Path checkpoint = model == null ? DemoFiles.trained(null) : model;
    try (Model loaded = Model.load(checkpoint)) {
      List<int[]> texts = texts(loaded, checkpoint);
      int longest = texts.stream().mapToInt(t -> t.length).max().orElse(1);
      long total = texts.stream().mapToLong(t -> t.length).sum();
      if (total == 0) {
        throw usage("there is no token to compare");
      }
      EngineOptions options = run.engine(Math.min(window, longest)).withPlainImageIds(true);
      try (ModeDistance distance =
              new ModeDistance(loaded, options, modes.getFirst(), modes.getLast());
          Interruption interruption = Interruption.listen();
          ProgressBar bar = progress.start(spec.commandLine().getErr(), "comparing", total)) {
        for (int[] text : texts) {
          distance.add(
              text,
              n -> {
                interruption.check();
                bar.advance(n);
              });
        }
        bar.clear();
        print(checkpoint, distance.result());
      }
    }
    return ExitCode.OK;
  }

  private List<int[]> texts(Model loaded, Path checkpoint) throws IOException {
    if (tokens != null) {
      String source = tokens.toString();
      List<int[]> lists = List.copyOf(TokenIds.lists(tokens).values());
      lists.forEach(ids -> TokenIds.check(ids, loaded.config(), source));
      return lists;
    }
    Tokenizer tokenizer =
        ModelTokenizer.find(loaded, null)
            .orElseThrow(
                () ->
                    new FormatException(
                        checkpoint.toString(), "has no tokenizer; give ids with --tokens"));
    List<int[]> texts = new ArrayList<>();
    for (Path file : files) {
      try {
        int[] ids = tokenizer.encode(Files.readString(file), false);
        IntStream start = tokenizer.bos().stream();
        texts.add(IntStream.concat(start, IntStream.of(ids)).toArray());
      } catch (MalformedInputException e) {
        throw new FormatException(file.toString(), "is no UTF-8 text", e);
      }
    }
    return texts;
  }

  private void print(Path checkpoint, ModeDistance.Result r) {
    String a = modes.getFirst().name().toLowerCase(Locale.ROOT);
    String b = modes.getLast().name().toLowerCase(Locale.ROOT);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          JsonMapper.shared()
              .createObjectNode()
              .put("model", checkpoint.toString())
              .put("reference", a)
              .put("mode", b)
              .put("predictions", r.predictions())
              .put("kl_mean_nats", r.mean())
              .put("kl_max_nats", r.worst())
              .put("top1_agreement", r.agreement())
              .toPrettyString());
      return;
    }
    out.printf(
        Locale.ROOT,
        "%s from %s over %d predictions: KL mean %.3g nats, largest %.3g; the same most likely token"
            + " in %.2f %%%n",
        b,
        a,
        r.predictions(),
        r.mean(),
        r.worst(),
        100 * r.agreement());
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
