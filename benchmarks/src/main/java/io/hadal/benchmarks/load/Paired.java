package io.hadal.benchmarks.load;

import io.hadal.benchmarks.load.LoadClient.Completion;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Two servers side by side, as a command. */
@Command(
    name = "paired",
    mixinStandardHelpOptions = true,
    description =
        "Asks two servers for the same greedy completions in turn and prints paired rates. Exit code 1"
            + " when their texts differ.")
public final class Paired implements Callable<Integer> {
  /** Runs of each prompt, of which the middle one counts. */
  private static final int RUNS = 3;

  /** Shorter answers say little about speed. */
  private static final int LEAST_TOKENS = 50;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--url", required = true, paramLabel = "URL", description = "One server.")
  private URI url = URI.create("");

  @Option(names = "--other", required = true, paramLabel = "URL", description = "The other one.")
  private URI other = URI.create("");

  @Option(names = "--model", paramLabel = "NAME", description = "Model of the requests.")
  private @Nullable String model;

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "DIR",
      description = "Folder whose *.java files are the prompts.")
  private Path prompts = Path.of("");

  @Option(
      names = "--characters",
      paramLabel = "N",
      description = "So much of each file. Default: 600.")
  private int characters = 600;

  @Option(
      names = "--again",
      paramLabel = "N",
      description = "Behind it so much of its beginning again. Default: 0.")
  private int again;

  @Option(names = "--tokens", paramLabel = "N", description = "Most tokens. Default: 200.")
  private int tokens = 200;

  @Option(names = "--files", paramLabel = "N", description = "Most files. Default: 24.")
  private int files = 24;

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new Paired()).setOut(out).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    List<Double> one = new ArrayList<>();
    List<Double> two = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    int different = 0;
    try (LoadClient first = new LoadClient(url, model, null);
        LoadClient second = new LoadClient(other, model, null)) {
      for (Path file : chosen()) {
        String prompt = prompt(file);
        List<Completion> left = new ArrayList<>();
        List<Completion> right = new ArrayList<>();
        // The first answer of each fills its cache of prompts.
        for (int i = 0; i <= RUNS; i++) {
          left.add(first.complete(prompt, tokens));
          right.add(second.complete(prompt, tokens));
        }
        different += left.getLast().text().equals(right.getLast().text()) ? 0 : 1;
        if (left.getLast().tokens() >= LEAST_TOKENS) {
          double a = rate(left.subList(1, left.size()));
          double b = rate(right.subList(1, right.size()));
          one.add(a);
          two.add(b);
          ratios.add(a / b);
        }
      }
    }
    if (ratios.isEmpty()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--prompts " + prompts + " gives no answer of some length");
    }
    spec.commandLine()
        .getOut()
        .printf(
            "%d prompts: %,.0f and %,.0f tokens/s, ratio %.2f (%.2f to %.2f), %d texts differ%n",
            ratios.size(),
            middle(one),
            middle(two),
            middle(ratios),
            ratios.stream().mapToDouble(d -> d).min().orElse(0),
            ratios.stream().mapToDouble(d -> d).max().orElse(0),
            different);
    spec.commandLine().getOut().flush();
    return different == 0 ? 0 : 1;
  }

  private List<Path> chosen() throws IOException {
    try (Stream<Path> all = Files.walk(prompts)) {
      List<Path> sources = all.filter(f -> f.toString().endsWith(".java")).sorted().toList();
      int step = Math.max(1, sources.size() / files);
      List<Path> some = new ArrayList<>();
      for (int i = 0; i < sources.size() && some.size() < files; i += step) {
        some.add(sources.get(i));
      }
      return some;
    }
  }

  private String prompt(Path file) throws IOException {
    String text = Files.readString(file);
    String start = text.substring(0, Math.min(characters, text.length()));
    return again == 0 ? start : start + "\n\n" + text.substring(0, Math.min(again, text.length()));
  }

  private static double rate(List<Completion> runs) {
    return middle(runs.stream().map(c -> c.tokens() / c.seconds()).toList());
  }

  private static double middle(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
