package io.hadal.benchmarks.peer;

import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Kernels beside llama.cpp's, as a command. */
@Command(
    name = "peer",
    mixinStandardHelpOptions = true,
    description =
        "Times Hadal's matrix kernels and those of llama.cpp's CPU library on one thread, in"
            + " interleaved rounds of one process, by processor time.")
public final class PeerBench implements Callable<Integer> {
  /** What is multiplied. */
  enum Case {
    gemv,
    moe,
    dense
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--ggml",
      required = true,
      paramLabel = "DIR",
      description = "Folder of libggml-base, libggml and libggml-cpu libraries.")
  private Path folder = Path.of("");

  @Option(
      names = "--case",
      paramLabel = "CASE",
      description = "gemv (one token), moe (experts) or dense. Default: gemv.")
  private Case kind = Case.gemv;

  @Option(
      names = "--types",
      split = ",",
      paramLabel = "TYPE",
      description = "Storage types. Default: all that the comparison is made for.")
  private List<StorageType> types =
      List.of(
          StorageType.BF16,
          StorageType.Q8_0,
          StorageType.Q4_K,
          StorageType.MXFP4,
          StorageType.Q6_K,
          StorageType.Q2_K,
          StorageType.IQ2_XXS,
          StorageType.Q3_K,
          StorageType.Q5_K,
          StorageType.IQ2_XS,
          StorageType.IQ3_XXS,
          StorageType.IQ4_XS,
          StorageType.IQ4_NL,
          StorageType.Q4_0);

  @Option(
      names = "--contenders",
      split = ",",
      paramLabel = "NAME",
      description = "Hadal's kernels by name. Default: all.")
  private List<String> contenders = List.of();

  @Option(names = "--rows", paramLabel = "N", description = "Rows of a matrix. Default: by case.")
  private int rows;

  @Option(names = "--cols", paramLabel = "N", description = "Columns. Default: 4096.")
  private int cols = 4096;

  @Option(
      names = "--tokens",
      split = ",",
      paramLabel = "N",
      description = "Tokens at once. Default: 1; moe 128; dense 16,64,256.")
  private List<Integer> tokens = List.of();

  @Option(names = "--experts", paramLabel = "N", description = "Experts of moe. Default: 32.")
  private int experts = 32;

  @Option(names = "--used", paramLabel = "N", description = "Experts a token uses. Default: 4.")
  private int used = 4;

  @Option(
      names = "--weights",
      paramLabel = "MIB",
      description = "Weights visited in turn, gemv and dense. Default: 300.")
  private int weightsMiB = 300;

  @Option(names = "--rounds", paramLabel = "N", description = "Rounds measured. Default: 31.")
  private int rounds = 31;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      description = "Seconds of processor time for each side before. Default: 2.")
  private double warmUp = 2;

  @Option(
      names = "--same-process",
      description =
          "All types in this process. Default: one for each type, with the JVM options of ./hadal.")
  private boolean sameProcess;

  @Option(names = "--csv", description = "Comma-separated values instead of a table.")
  private boolean csv;

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new PeerBench()).setOut(out).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    List<Contender> chosen = chosen();
    PrintWriter out = spec.commandLine().getOut();
    for (String line : header()) {
      out.println(line);
    }
    out.flush();
    if (!sameProcess) {
      for (StorageType type : types) {
        inChild(type, out);
      }
      return 0;
    }
    Ggml ggml = load();
    for (StorageType type : types) {
      for (int count : counts()) {
        try (Arena arena = Arena.ofConfined()) {
          Work work = work(arena, type, count);
          compare(arena, ggml, chosen, work, out);
        }
      }
    }
    return 0;
  }

  private List<String> header() {
    if (csv) {
      return List.of("case,type,tokens,side,median,p10,p90,unit,ratio to best ggml,relative error");
    }
    String unit = kind == Case.gemv ? "GB/s" : "GOP/s";
    return List.of(
        "| type | tokens | | " + unit + " (p10 to p90) | to best ggml | error |",
        "| --- | --- | --- | --- | --- | --- |");
  }

  /** The same command for one type; its header was printed. */
  private void inChild(StorageType type, PrintWriter out) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(spec.commandLine().getParseResult().originalArgs());
    arguments.removeIf(a -> a.startsWith("--types="));
    int at = arguments.indexOf("--types");
    if (at >= 0) {
      arguments.subList(at, at + 2).clear();
    }
    arguments.addAll(List.of("--types", type.name(), "--same-process"));
    AtomicInteger left = new AtomicInteger(header().size());
    ChildJvm.run(
        PeerBench.class,
        List.of(),
        arguments,
        line -> {
          if (left.getAndDecrement() <= 0) {
            out.println(line);
            out.flush();
          }
        });
  }

  private Ggml load() {
    try {
      return new Ggml(folder);
    } catch (IOException | IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--ggml " + folder + ": " + e.getMessage(), e);
    }
  }

  private List<Contender> chosen() {
    List<Contender> all = Contender.all();
    for (String name : contenders) {
      if (all.stream().noneMatch(c -> c.name().equals(name))) {
        throw new ParameterException(
            spec.commandLine(),
            "--contenders "
                + name
                + ": there is "
                + String.join(", ", all.stream().map(Contender::name).toList()));
      }
    }
    return all.stream().filter(c -> contenders.isEmpty() || contenders.contains(c.name())).toList();
  }

  private List<Integer> counts() {
    if (!tokens.isEmpty()) {
      return tokens;
    }
    return switch (kind) {
      case gemv -> List.of(1);
      case moe -> List.of(128);
      case dense -> List.of(16, 64, 256);
    };
  }

  private Work work(Arena arena, StorageType type, int count) {
    long bytes = (long) weightsMiB << 20;
    return switch (kind) {
      case gemv -> Work.dense(arena, type, rows == 0 ? 8192 : rows, cols, count, bytes);
      case dense -> Work.dense(arena, type, rows == 0 ? 1536 : rows, cols, count, bytes);
      case moe -> Work.experts(arena, type, rows == 0 ? 2048 : rows, cols, experts, used, count);
    };
  }

  private void compare(Arena arena, Ggml ggml, List<Contender> chosen, Work work, PrintWriter out) {
    List<Side> sides = new ArrayList<>();
    List<GgmlSide> peers = GgmlSide.all(ggml, work);
    try {
      sides.addAll(peers);
      for (Contender contender : chosen) {
        if (contender.supports(work.type(), work.rows(), work.cols())) {
          sides.add(new JavaSide(arena, contender, work));
        }
      }
      double[] errors = errors(sides);
      Rounds measured = Rounds.measure(sides, work.units(), rounds, warmUp);
      int best = -1;
      for (int i = 0; i < peers.size(); i++) {
        if (best < 0 || measured.median(i) < measured.median(best)) {
          best = i;
        }
      }
      double amount = kind == Case.gemv ? work.bytes() : work.operations();
      for (int i = 0; i < sides.size(); i++) {
        String ratio = best < 0 ? "" : "%.2f".formatted(measured.ratio(i, best));
        print(out, work, sides.get(i).name(), measured, i, amount, ratio, errors[i]);
      }
      out.flush();
    } finally {
      peers.forEach(GgmlSide::close);
    }
  }

  private void print(
      PrintWriter out,
      Work work,
      String side,
      Rounds measured,
      int i,
      double amount,
      String ratio,
      double error) {
    double median = amount / measured.median(i);
    double low = amount / measured.quantile(i, 0.9);
    double high = amount / measured.quantile(i, 0.1);
    if (csv) {
      out.printf(
          Locale.ROOT,
          "%s,%s,%d,%s,%.3f,%.3f,%.3f,%s,%s,%.2e%n",
          kind,
          work.type(),
          work.tokens(),
          side,
          median,
          low,
          high,
          kind == Case.gemv ? "GB/s" : "GOP/s",
          ratio,
          error);
    } else {
      out.printf(
          Locale.ROOT,
          "| %s | %d | %s | %.1f (%.1f to %.1f) | %s | %.0e |%n",
          work.type(),
          work.tokens(),
          side,
          median,
          low,
          high,
          ratio,
          error);
    }
  }

  /** Distance of each side's outputs from the first one's, relative to their length (L2). */
  private static double[] errors(List<Side> sides) {
    double[] errors = new double[sides.size()];
    float @Nullable [] reference = null;
    for (int i = 0; i < errors.length; i++) {
      sides.get(i).run(0);
      float[] output = sides.get(i).output();
      if (reference == null) {
        reference = output;
      }
      double difference = 0;
      double length = 0;
      for (int k = 0; k < output.length; k++) {
        double d = output[k] - reference[k];
        difference += d * d;
        length += (double) reference[k] * reference[k];
      }
      errors[i] = Math.sqrt(difference / length);
    }
    return errors;
  }
}
