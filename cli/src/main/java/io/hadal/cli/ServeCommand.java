package io.hadal.cli;

import io.hadal.chat.ServedModel;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.server.ConfigReload;
import io.hadal.server.HadalServer;
import io.hadal.server.KeyRing;
import io.hadal.server.ServeConfig;
import io.hadal.server.ServerOptions;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal serve}: a model behind the HTTP APIs that clients speak. */
@Command(
    name = "serve",
    description = {
      "Serves a model over HTTP: OpenAI Chat Completions, Completions and Responses, Anthropic"
          + " Messages, Ollama.",
      "Runs until Ctrl-C or SIGTERM; requests that are running then may finish. Flags win over"
          + " the file of --config."
    })
final class ServeCommand implements Callable<Integer> {
  // Agents begin with prompts of 10,000 to 20,000 tokens.
  private static final int DEFAULT_CONTEXT = 65_536;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "Checkpoint: a folder with config.json and *.safetensors, or a GGUF file. Default: the"
              + " model that comes with Hadal.")
  private @Nullable Path model;

  @Option(names = "--host", paramLabel = "HOST", description = "Address. Default: 127.0.0.1.")
  private @Nullable String host;

  @Option(names = "--port", paramLabel = "N", description = "Port, 0 for any. Default: 8080.")
  private @Nullable Integer port;

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description = "API keys, a line each: NAME KEY or NAME sha256:HEX. Default: none needed.")
  private @Nullable Path keys;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML; see docs/serving.md. 'hadal config check FILE' looks it through.")
  private @Nullable Path configFile;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description =
          "Longest conversation in tokens. Default: 65536, or less if the model has less; 65536 for"
              + " the model that comes with Hadal.")
  private @Nullable Integer context;

  @Mixin private EngramOption engram = new EngramOption();

  @Mixin private ModeOption mode = new ModeOption();

  @Mixin private RunOptions run = new RunOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    ServeConfig config = configFile == null ? ServeConfig.defaults() : ServeConfig.read(configFile);
    Path keyFile = keys != null ? keys : config.keys();
    KeyRing ring = keyFile == null ? null : KeyRing.read(keyFile);
    ListenerOptions listener = listener(config);
    if (ring == null && !config.anonymous() && !local(listener.host())) {
      throw new FormatException(
          "--host " + listener.host(),
          "serving beyond this machine needs --keys FILE, or access.anonymous: true in --config");
    }
    Path checkpoint = model != null ? model : config.model();
    boolean embedded = checkpoint == null;
    if (checkpoint == null) {
      checkpoint = DemoFiles.trained(null);
    }
    PrintWriter err = spec.commandLine().getErr();
    try (Model loaded = Model.load(checkpoint, engram.cacheBytes());
        Engine engine = new Engine(loaded, engine(config, loaded, embedded));
        Dispatcher dispatcher = new Dispatcher(engine, dispatcher(config))) {
      ServedModel served =
          new ServedModel(
              profile(config, loaded, checkpoint, embedded), dispatcher, tokenizer(loaded));
      ServerOptions options =
          new ServerOptions(
              listener,
              ring,
              config.limits(),
              line -> log(err, line),
              HadalCommand.Version.number());
      try (HadalServer server = new HadalServer(options, served);
          ConfigReload reload =
              new ConfigReload(
                  configFile,
                  keys,
                  local(listener.host()),
                  config,
                  server,
                  line -> log(err, line))) {
        server.accessLog(config.accessLog());
        HangUpSignal.listen(reload::reload);
        String scheme = listener.certificate() == null ? "http" : "https";
        spec.commandLine()
            .getOut()
            .printf(
                "serving %s at %s://%s:%d%n",
                served.profile().name(), scheme, listener.host(), server.port());
        spec.commandLine().getOut().flush();
        return untilStopped(server, err);
      }
    }
  }

  private static void log(PrintWriter err, String line) {
    synchronized (err) {
      err.println(line);
      err.flush();
    }
  }

  private static int untilStopped(HadalServer server, PrintWriter err) throws InterruptedException {
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              stop.countDown();
              try {
                stopped.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "hadal-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      stop.await();
      log(err, "stopping: running requests may finish");
      if (!server.drain(server.limits().drain())) {
        log(err, "stopped with requests unfinished");
      }
    } finally {
      server.close();
      stopped.countDown();
    }
    return ExitCode.OK;
  }

  private ListenerOptions listener(ServeConfig config) {
    try {
      return new ListenerOptions(
          host != null ? host : config.host(),
          port != null ? port : config.port(),
          config.maxConnections(),
          config.certificate(),
          config.privateKey(),
          config.http());
    } catch (IllegalArgumentException e) {
      throw new picocli.CommandLine.ParameterException(spec.commandLine(), e.getMessage() + "");
    }
  }

  private static boolean local(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new FormatException("--host " + host, "is no address of this machine", e);
    }
  }

  private EngineOptions engine(ServeConfig config, Model loaded, boolean embedded) {
    Integer wanted = context != null ? context : config.context();
    int tokens =
        wanted != null
            ? wanted
            : embedded
                ? DEFAULT_CONTEXT // more than it was trained for, so that agents can try it
                : Math.min(DEFAULT_CONTEXT, loaded.config().contextLength());
    EngineOptions options = run.engine(tokens).withMode(mode.mode());
    return config.threads() == null ? options : options.withThreads(config.threads());
  }

  private static DispatcherOptions dispatcher(ServeConfig config) {
    DispatcherOptions standard = DispatcherOptions.defaults();
    return standard
        .withLimits(config.running(), config.waiting(), config.waitingPerKey())
        .withTokenTarget(Duration.ofMillis(config.tokenMillis()))
        .withPrefixMemory(
            config.prefixMemory() < 0 ? standard.prefixMemoryBytes() : config.prefixMemory(),
            config.prefixInterval())
        .withPrefixFolder(config.prefixFolder(), config.prefixDisk());
  }

  private static Tokenizer tokenizer(Model loaded) throws IOException {
    return ModelTokenizer.find(loaded, null)
        .orElseThrow(
            () ->
                new FormatException(
                    loaded.path().toString(), "has no tokenizer, which serving needs"));
  }

  private static ServedModel.Profile profile(
      ServeConfig config, Model loaded, Path checkpoint, boolean embedded) throws IOException {
    String family = loaded.config().family();
    PromptDialect dialect =
        config.dialect() == null
            ? PromptDialects.ofFamily(family)
            : PromptDialects.named(config.dialect());
    if (dialect == null) {
      throw new FormatException(
          checkpoint.toString(),
          (config.dialect() == null
                  ? "has no known prompt format for " + family + "; name one as model.dialect"
                  : "model.dialect " + config.dialect() + " is unknown")
              + ": "
              + PromptDialects.names());
    }
    String name = config.name() != null ? config.name() : name(checkpoint);
    var created = Files.getLastModifiedTime(checkpoint).toInstant();
    boolean thinking =
        config.thinking() != null ? config.thinking() : family.startsWith("deepseek");
    return new ServedModel.Profile(
        name,
        Set.copyOf(config.aliases()),
        embedded ? "Hadal nano (embedded)" : name,
        name + "@" + LocalDate.ofInstant(created, ZoneOffset.UTC),
        created.truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
        dialect,
        thinking);
  }

  /** Name of a checkpoint: that of its file or folder. */
  private static String name(Path checkpoint) {
    Path file = checkpoint.toAbsolutePath().normalize().getFileName();
    String name = file == null ? "model" : file.toString();
    name = name.replaceFirst("\\.(gguf|safetensors)$", "").replaceAll("[^A-Za-z0-9._-]+", "-");
    return name.isEmpty() ? "model" : name;
  }
}
