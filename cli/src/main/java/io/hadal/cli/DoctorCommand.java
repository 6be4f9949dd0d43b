package io.hadal.cli;

import io.hadal.cli.platform.NodesOption;
import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.kernels.KernelTrial;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.NativeStatus;
import io.hadal.kernels.SlowPaths;
import io.hadal.model.config.NumericMode;
import io.hadal.platform.cluster.NodeConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal doctor}: what this installation runs on and what slows it down. */
@Command(
    name = "doctor",
    description =
        "Shows the JDK, its flags, the machine and its memory bandwidth, and what is wrong or"
            + " slow; with --data or --db also nodes whose configuration differs from the others'.")
final class DoctorCommand implements Callable<Integer> {
  private static final long MIB = 1 << 20;
  private static final Duration MEASURING = Duration.ofMillis(400);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "Warm up the kernels of this checkpoint too, and show their speeds and the variants"
              + " chosen.")
  private @Nullable Path model;

  @Mixin private NodesOption nodes = new NodesOption();

  /** Read bandwidth in bytes per second. */
  private record Bandwidth(double oneThread, double allThreads) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Machine machine = Machine.inspect();
    Bandwidth bandwidth = measure(machine);
    Optional<String> kernels = kernels();
    List<KernelTrial> trials = model == null ? List.of() : trials(model);
    List<SetupCheck> checks = SetupCheck.all();
    List<String> slowPaths = slowPaths(checks, kernels);
    List<NodeConfiguration> configurations = nodes.configurations();
    boolean ok =
        checks.stream().allMatch(SetupCheck::ok)
            && configurations.stream().noneMatch(NodeConfiguration::differs);
    if (json) {
      out.println(
          json(machine, bandwidth, kernels, trials, checks, slowPaths, configurations, ok)
              .toPrettyString());
    } else {
      print(out, machine, bandwidth, kernels, trials, checks, slowPaths, configurations);
    }
    return ok ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private Bandwidth measure(Machine machine) throws InterruptedException {
    // Well beyond the largest caches, but no burden to a small machine.
    long floor = machine.cores() * MIB;
    long bytes = Math.max(floor, Math.min(256 * MIB, machine.availableBytes() / 8));
    try (ProgressBar bar =
            progress.start(spec.commandLine().getErr(), "measuring memory bandwidth", 2);
        MemoryBandwidth memory = new MemoryBandwidth(bytes)) {
      double one = memory.measure(1, MEASURING);
      bar.advance(1);
      double all = memory.measure(machine.cores(), MEASURING);
      bar.advance(1);
      return new Bandwidth(one, all);
    }
  }

  /** What a warm-up finds about the kernels that a model needs. */
  private List<KernelTrial> trials(Path checkpoint) throws InterruptedException {
    EngineOptions options =
        EngineOptions.defaults().withMode(NumericMode.FAST).withWarmUp(true).withMemory(0, true);
    try (Engine engine = Engine.open(checkpoint, options);
        Interruption interruption = Interruption.listen();
        ProgressBar bar =
            progress.start(spec.commandLine().getErr(), "warming up", engine.warmUp().kernels())) {
      int shown = 0;
      while (!engine.warmUp().await(Duration.ofMillis(50))) {
        interruption.check();
        int done = engine.warmUp().trials().size();
        bar.advance(done - shown);
        shown = done;
      }
      return engine.warmUp().trials();
    }
  }

  /** Name of the kernels in use; empty when this build has none for this JVM. */
  private static Optional<String> kernels() {
    try {
      return Optional.of(Kernels.get().name());
    } catch (UnsupportedOperationException | LinkageError e) {
      return Optional.empty();
    }
  }

  private static List<String> slowPaths(List<SetupCheck> checks, Optional<String> kernels) {
    List<String> slow = new ArrayList<>();
    for (SetupCheck check : checks) {
      if (!check.ok()) {
        slow.add("no " + check.name() + ": " + check.effect());
      }
    }
    SlowPaths.all().forEach(path -> slow.add(path.line()));
    if (kernels.isEmpty()) {
      slow.add("no kernels for this JVM");
    } else if (kernels.get().startsWith("scalar")) {
      slow.add("scalar kernels in use");
    }
    int width = VectorModule.width().orElse(0);
    if (width > 0 && width < 256) {
      slow.add("vectors of only " + width + " bits");
    }
    return slow;
  }

  private static void print(
      PrintWriter out,
      Machine machine,
      Bandwidth bandwidth,
      Optional<String> kernels,
      List<KernelTrial> trials,
      List<SetupCheck> checks,
      List<String> slowPaths,
      List<NodeConfiguration> nodes)
      throws IOException {
    line(out, "hadal", HadalCommand.Version.number());
    line(out, "java", System.getProperty("java.vm.version") + " at " + javaHome());
    line(out, "system", machine.os() + ", " + machine.arch() + ", " + machine.cores() + " cores");
    line(
        out, "memory", gib(machine.memoryBytes()) + ", available " + gib(machine.availableBytes()));
    line(out, "heap limit", gib(machine.heapMaxBytes()));
    line(out, "disk free", gib(machine.diskFreeBytes()) + " at " + machine.workingFolder());
    line(out, "kernels", kernels.orElse("none"));
    line(out, "native", describe(NativeStatus.get()));
    line(
        out,
        "vector width",
        VectorModule.width().isPresent()
            ? VectorModule.width().getAsInt() + " bits"
            : "no Vector API");
    line(
        out,
        "read speed",
        gigabytes(bandwidth.oneThread())
            + " with 1 thread, "
            + gigabytes(bandwidth.allThreads())
            + " with "
            + machine.cores());
    if (!trials.isEmpty()) {
      out.println();
      out.printf("%-28s %-10s %14s %10s%n", "kernel", "variant", "operations/ns", "warm after");
      for (KernelTrial trial : trials) {
        out.println(
            String.format(
                Locale.ROOT,
                "%-28s %-10s %14.2f %8.2f s%s",
                trial.name(),
                trial.variant(),
                trial.rate(),
                trial.nanos() / 1e9,
                trial.warm() ? "" : "  SLOW"));
      }
    }
    out.println();
    for (SetupCheck check : checks) {
      out.println((check.ok() ? "  ok       " : "  MISSING  ") + check.name());
      if (!check.ok()) {
        out.println("           " + check.remedy());
      }
    }
    for (NodeConfiguration node : nodes) {
      out.println(
          (node.differs() ? "  DIFFERS  " : "  ok       ")
              + (node.engine() ? "engine " : "gateway ")
              + node.node()
              + ": configuration "
              + node.mark().hash().substring(0, Math.min(12, node.mark().hash().length()))
              + (node.mark().pending() ? ", a part of it needs a restart" : ""));
      if (node.differs()) {
        out.println("           give it the file of the others, or them its own");
      }
    }
    out.println();
    out.println("slow paths in use:" + (slowPaths.isEmpty() ? " none" : ""));
    slowPaths.forEach(path -> out.println("  " + path));
    long problems =
        checks.stream().filter(check -> !check.ok()).count()
            + nodes.stream().filter(NodeConfiguration::differs).count();
    out.println(
        problems == 0
            ? "verdict: this installation is set up well"
            : "verdict: " + problems + (problems == 1 ? " problem" : " problems") + " found");
  }

  private static ObjectNode json(
      Machine machine,
      Bandwidth bandwidth,
      Optional<String> kernels,
      List<KernelTrial> trials,
      List<SetupCheck> checks,
      List<String> slowPaths,
      List<NodeConfiguration> nodes,
      boolean ok)
      throws IOException {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("hadal", HadalCommand.Version.number());
    root.putObject("java")
        .put("version", Runtime.version().toString())
        .put("vm", System.getProperty("java.vm.name"))
        .put("home", javaHome());
    root.putObject("system")
        .put("os", machine.os())
        .put("arch", machine.arch())
        .put("cores", machine.cores());
    root.putObject("memory")
        .put("total_bytes", machine.memoryBytes())
        .put("available_bytes", machine.availableBytes())
        .put("heap_max_bytes", machine.heapMaxBytes())
        .put("read_bytes_per_second_one_thread", Math.round(bandwidth.oneThread()))
        .put("read_bytes_per_second_all_threads", Math.round(bandwidth.allThreads()));
    root.putObject("disk")
        .put("folder", machine.workingFolder().toString())
        .put("free_bytes", machine.diskFreeBytes());
    root.put("kernels", kernels.orElse(null));
    NativeStatus library = NativeStatus.get();
    root.putObject("native")
        .put("usable", library.usable())
        .put("tiles", library.tiles())
        .put("bf16", library.bf16())
        .put("version", library.version())
        .put("problem", library.problem());
    VectorModule.width()
        .ifPresentOrElse(bits -> root.put("vector_bits", bits), () -> root.putNull("vector_bits"));
    ArrayNode list = root.putArray("checks");
    for (SetupCheck check : checks) {
      ObjectNode node = list.addObject().put("name", check.name()).put("ok", check.ok());
      if (!check.ok()) {
        node.put("effect", check.effect()).put("remedy", check.remedy());
      }
    }
    ArrayNode warmed = root.putArray("warm_up");
    for (KernelTrial trial : trials) {
      warmed
          .addObject()
          .put("kernel", trial.name())
          .put("variant", trial.variant())
          .put("standard", trial.standard())
          .put("operations_per_ns", trial.rate())
          .put("seconds", trial.nanos() / 1e9)
          .put("warm", trial.warm());
    }
    ArrayNode slow = root.putArray("slow_paths");
    slowPaths.forEach(slow::add);
    ArrayNode living = root.putArray("nodes");
    for (NodeConfiguration node : nodes) {
      living
          .addObject()
          .put("name", node.node())
          .put("kind", node.engine() ? "engine" : "gateway")
          .put("config_hash", node.mark().hash())
          .put("config_differs", node.differs())
          .put("config_needs_restart", node.mark().pending());
    }
    root.put("ok", ok);
    return root;
  }

  private static String javaHome() {
    return System.getProperty("java.home");
  }

  private static String describe(NativeStatus library) {
    if (!library.usable()) {
      return "not usable: " + library.problem();
    }
    return (library.tiles() ? "AVX-512 VNNI and AMX tiles" : "AVX-512 VNNI")
        + (library.bf16() ? ", bf16 for training" : "")
        + " ("
        + library.version()
        + ")";
  }

  private static void line(PrintWriter out, String name, String value) {
    out.println(String.format(Locale.ROOT, "%-13s %s", name, value));
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }

  private static String gigabytes(double bytesPerSecond) {
    return String.format(Locale.ROOT, "%.1f GB/s", bytesPerSecond / 1e9);
  }
}
