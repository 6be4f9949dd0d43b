package io.hadal.benchmarks.peer;

import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What a kernel loses when others were compiled in the same process: its rate among all others,
 * relative to its rate alone. C2 cuts large kernels short, or not, by what it has seen before.
 */
@Command(
    name = "floors",
    mixinStandardHelpOptions = true,
    description =
        "Compares each kernel alone in a JVM with the same among all others, in several orders."
            + " Exit code 1 when one is slower than the floor, twice.")
public final class Floors implements Callable<Integer> {
  /** In which order all kernels are compiled. */
  enum Order {
    forward,
    reverse,
    shuffled
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--contender",
      paramLabel = "NAME",
      description = "Whose kernels. Default: exact.")
  private String contender = "exact";

  @Option(
      names = "--types",
      split = ",",
      paramLabel = "TYPE",
      description = "Storage types. Default: all that the contender has kernels for.")
  private List<StorageType> types = List.of();

  @Option(
      names = "--tokens",
      split = ",",
      paramLabel = "N",
      description = "Tokens at once; each is a kernel of its own. Default: 1.")
  private List<Integer> tokens = List.of(1);

  @Option(
      names = "--orders",
      split = ",",
      paramLabel = "ORDER",
      description = "Of: ${COMPLETION-CANDIDATES}. Default: all.")
  private List<Order> orders = List.of(Order.values());

  @Option(names = "--floor", paramLabel = "R", description = "Least ratio. Default: 0.67.")
  private double floor = 0.67;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Processor time of a measurement. Default: 0.5.")
  private double seconds = 0.5;

  @Option(
      names = "--steady",
      paramLabel = "S",
      description = "A kernel that was no faster for so long is warm. Default: 1.2.")
  private double steady = 1.2;

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new Floors()).setOut(out).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    List<StorageType> chosen = chosen();
    PrintWriter out = spec.commandLine().getOut();
    Map<String, Double> alone = new LinkedHashMap<>();
    for (StorageType type : chosen) {
      alone.putAll(rates(List.of(type)));
    }
    List<Map<String, Double>> among = new ArrayList<>();
    for (Order order : orders) {
      among.add(rates(ordered(chosen, order)));
    }
    mendAlone(alone, among);
    out.println(
        "| kernel | alone | "
            + orders.stream().map(Enum::name).collect(Collectors.joining(" | "))
            + " |");
    out.println("| --- | --- |" + " --- |".repeat(orders.size()));
    List<String> slow = new ArrayList<>();
    for (Map.Entry<String, Double> kernel : alone.entrySet()) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < orders.size(); i++) {
        double ratio = rate(among.get(i), kernel.getKey()) / kernel.getValue();
        line.append(" %.2f |".formatted(ratio));
        if (ratio < floor) {
          slow.add(kernel.getKey() + " " + orders.get(i));
        }
      }
      out.printf("| %s | %.3f |%s%n", kernel.getKey(), kernel.getValue(), line);
    }
    out.flush();
    return slow.isEmpty() || again(chosen, slow, out) ? 0 : 1;
  }

  /**
   * Measures again, once, what was slower alone than among others by more than the floor: a busy
   * machine can hold the compiler back for longer than a kernel has to become warm, and no ratio to
   * such a rate says anything.
   */
  private void mendAlone(Map<String, Double> alone, List<Map<String, Double>> among)
      throws IOException, InterruptedException {
    for (Map.Entry<String, Double> kernel : alone.entrySet()) {
      boolean doubtful = false;
      for (Map<String, Double> rates : among) {
        doubtful |= kernel.getValue() < floor * rate(rates, kernel.getKey());
      }
      if (doubtful) {
        String name = kernel.getKey();
        StorageType type = StorageType.valueOf(name.substring(0, name.indexOf(' ')));
        kernel.setValue(Math.max(kernel.getValue(), rate(rates(List.of(type)), name)));
      }
    }
  }

  /** True when a second pair of runs does not confirm one of the slow kernels. */
  private boolean again(List<StorageType> chosen, List<String> slow, PrintWriter out)
      throws IOException, InterruptedException {
    boolean good = true;
    for (Order order : orders) {
      List<String> kernels =
          slow.stream()
              .filter(s -> s.endsWith(" " + order))
              .map(s -> s.substring(0, s.lastIndexOf(' ')))
              .toList();
      if (kernels.isEmpty()) {
        continue;
      }
      Map<String, Double> among = rates(ordered(chosen, order));
      for (String kernel : kernels) {
        String type = kernel.substring(0, kernel.indexOf(' '));
        Map<String, Double> alone = rates(List.of(StorageType.valueOf(type)));
        double ratio = rate(among, kernel) / rate(alone, kernel);
        boolean confirmed = ratio < floor;
        out.printf(
            "%s, %s: %.2f the second time%s%n",
            kernel, order, ratio, confirmed ? ", below the floor of " + floor : "");
        good &= !confirmed;
      }
    }
    out.flush();
    return good;
  }

  private List<StorageType> chosen() {
    List<String> names = Contender.all().stream().map(Contender::name).toList();
    Contender own =
        Contender.all().stream()
            .filter(c -> c.name().equals(contender))
            .findFirst()
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "--contender " + contender + ": there is " + String.join(", ", names)));
    List<StorageType> all = types.isEmpty() ? Arrays.asList(StorageType.values()) : types;
    List<StorageType> chosen =
        all.stream().filter(t -> t.isMatrixWeight() && KernelRates.supports(own, t)).toList();
    if (chosen.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--types: " + contender + " has kernels for none of them");
    }
    return chosen;
  }

  private static List<StorageType> ordered(List<StorageType> types, Order order) {
    List<StorageType> ordered = new ArrayList<>(types);
    switch (order) {
      case forward -> {}
      case reverse -> Collections.reverse(ordered);
      case shuffled -> Collections.shuffle(ordered, new Random(7));
    }
    return ordered;
  }

  private static double rate(Map<String, Double> rates, String kernel) {
    Double rate = rates.get(kernel);
    if (rate == null) {
      throw new IllegalStateException("no rate of " + kernel + " among " + rates.keySet());
    }
    return rate;
  }

  /** Rates of kernels, named by type and tokens, from a process of their own. */
  private Map<String, Double> rates(List<StorageType> ordered)
      throws IOException, InterruptedException {
    Map<String, Double> rates = new LinkedHashMap<>();
    ChildJvm.run(
        KernelRates.class,
        List.of("-Xmx512m"),
        List.of(
            contender,
            ordered.stream().map(Enum::name).collect(Collectors.joining(",")),
            tokens.stream().map(String::valueOf).collect(Collectors.joining(",")),
            String.valueOf(seconds),
            String.valueOf(steady)),
        line -> {
          int at = line.lastIndexOf(' ');
          rates.put(line.substring(0, at), Double.parseDouble(line.substring(at + 1)));
        });
    return rates;
  }
}
