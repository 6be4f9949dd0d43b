package io.hadal.cli;

import static io.hadal.chat.Hadal.DEFAULT_CONTEXT;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.HadalOptions;
import io.hadal.chat.ServedModel;
import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.cluster.ConfigMark;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.server.ConfigReload;
import io.hadal.server.HadalServer;
import io.hadal.server.KeyRing;
import io.hadal.server.NodeWiring;
import io.hadal.server.PlatformAccess;
import io.hadal.server.PlatformWiring;
import io.hadal.server.ServeConfig;
import io.hadal.server.ServerOptions;
import io.hadal.server.config.Overrides;
import io.hadal.server.http.ListenerOptions;
import io.hadal.server.telemetry.Tracing;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
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
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "Checkpoint: a folder with config.json and *.safetensors, or a GGUF file. Default: the"
              + " model that comes with Hadal.")
  private @Nullable Path model;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What clients call the model. Default: that of its folder or file.")
  private @Nullable String name;

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

  @Option(
      names = "--platform",
      description =
          "Keys, budgets, ledger, audit log and the console at /console; see"
              + " docs/platform/overview.md. Requests need a key of 'hadal keys create' then.")
  private boolean withPlatform;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder of the platform: database, journal, own keys. Default: $XDG_DATA_HOME/hadal, else"
              + " ~/.local/share/hadal.")
  private @Nullable Path data;

  @Option(
      names = "--gateway",
      description =
          "Serves no model of its own, only those of the upstreams in --config; as model.local:"
              + " false there. Ready within a second or so.")
  private boolean gateway;

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description =
          "Name of this process among those that share the database. Default: platform.node of"
              + " --config.")
  private @Nullable String node;

  @Option(
      names = "--engine",
      paramLabel = "URL",
      description =
          "Computes for the gateways that share the database, which reach this process at"
              + " http://HOST:PORT. Default: platform.engine of --config, else it does not.")
  private @Nullable String engineAddress;

  /** The process ends when everything is closed. */
  private final CountDownLatch stopped = new CountDownLatch(1);

  @Mixin private PackedOption packed = new PackedOption();

  @Mixin private EngramOption engram = new EngramOption();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Mixin private WarmUpOption warmUp = new WarmUpOption();

  @Mixin private RunOptions run = new RunOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Overrides overrides = Overrides.of(System.getenv(), flags());
    ServeConfig config =
        configFile == null
            ? ServeConfig.without(overrides)
            : ServeConfig.read(configFile, overrides);
    Path keyFile = keys != null ? keys : config.keys();
    KeyRing ring = keyFile == null ? null : KeyRing.read(keyFile);
    ListenerOptions listener = listener(config);
    boolean managed = withPlatform || config.platform().enabled();
    if (managed && ring != null) {
      throw new FormatException(
          "--keys " + keyFile, "the platform has keys of its own; leave the file of keys out");
    }
    if (ring == null && !managed && !config.anonymous() && !local(listener.host())) {
      throw new FormatException(
          "--host " + listener.host(),
          "serving beyond this machine needs --keys FILE, --platform, or access.anonymous: true in"
              + " --config");
    }
    PrintWriter err = spec.commandLine().getErr();
    Path checkpoint = checkpoint(config);
    // Before the platform: its first start prints a password, which must not be for nothing.
    listener.requireFree();
    try (Platform platform = managed ? platform(config, err) : null;
        io.hadal.chat.Hadal hadal = local(config, checkpoint)) {
      return serve(config, listener, ring, hadal == null ? null : hadal.model(), platform);
    } finally {
      stopped.countDown();
    }
  }

  /** Flags as settings, so that administrators see what holds. */
  private Map<String, Object> flags() {
    Map<String, @Nullable Object> flags = new LinkedHashMap<>();
    flags.put("listen.host", host);
    flags.put("listen.port", port);
    flags.put("access.keys", absolute(keys));
    flags.put("model.path", absolute(model));
    flags.put("model.context", context);
    flags.put("model.local", gateway ? false : null);
    flags.put("platform.enabled", withPlatform ? true : null);
    flags.put("platform.data", absolute(data));
    flags.put("platform.node", node);
    flags.put("platform.engine.address", engineAddress);
    Map<String, Object> given = new LinkedHashMap<>();
    flags.forEach(
        (name, value) -> {
          if (value != null) {
            given.put(name, value);
          }
        });
    return given;
  }

  /** Paths of flags begin where the command runs, those of a file beside it. */
  private static @Nullable String absolute(@Nullable Path path) {
    return path == null ? null : path.toAbsolutePath().toString();
  }

  /** Where the model of this process is; null for the embedded one, and for a gateway. */
  private @Nullable Path checkpoint(ServeConfig config) throws IOException {
    Path checkpoint = model != null ? model : config.model();
    if (gateway || !config.local()) {
      if (checkpoint != null) {
        throw new FormatException(
            gateway ? "--gateway" : "model.local: false",
            "serves no model of its own; leave " + checkpoint + " out");
      }
      if (config.routing().upstreams().isEmpty() && !config.platform().shared()) {
        throw new FormatException(
            gateway ? "--gateway" : "model.local: false",
            "needs upstreams in the file of --config, or platform.shared and engine nodes, to have"
                + " something to serve");
      }
    } else if (checkpoint != null && !Files.exists(checkpoint)) {
      throw new NoSuchFileException(checkpoint.toString());
    }
    return checkpoint;
  }

  /** The model of this process; null for a gateway. */
  private io.hadal.chat.@Nullable Hadal local(ServeConfig config, @Nullable Path checkpoint)
      throws IOException {
    if (gateway || !config.local()) {
      return null;
    }
    boolean embedded = checkpoint == null;
    return io.hadal.chat.Hadal.load(
        checkpoint == null ? DemoFiles.trained(null) : checkpoint, options(config, embedded));
  }

  private Platform platform(ServeConfig config, PrintWriter err) {
    PlatformOptions options =
        config
            .platform()
            .with(node, engineAddress)
            .options(
                data != null
                    ? new DataFolder(data)
                    : DataFolder.standard(
                        System.getenv(), Path.of(System.getProperty("user.home"))));
    Platform platform = Platform.open(options, line -> log(err, line));
    SecretText password = platform.firstPassword();
    if (password != null) {
      log(
          err,
          "first start: sign in at /console as '%s' with the password %s, which is not shown again"
              .formatted(BreakGlass.NAME, password.reveal()));
      log(err, "then make a key there, or with 'hadal keys create'");
    }
    return platform;
  }

  private int serve(
      ServeConfig config,
      ListenerOptions listener,
      @Nullable KeyRing ring,
      @Nullable ServedModel served,
      @Nullable Platform platform)
      throws IOException, InterruptedException {
    PrintWriter err = spec.commandLine().getErr();
    ServerOptions options =
        new ServerOptions(
            listener, ring, config.limits(), line -> log(err, line), HadalCommand.Version.number());
    boolean tls = listener.certificate() != null;
    PlatformAccess access = platform == null ? null : PlatformWiring.access(platform, tls);
    try (Tracing tracing =
            Tracing.of(config.telemetry(), System.getenv(), HadalCommand.Version.number());
        HadalServer server = new HadalServer(options, served, AnswerPolicy.AS_ASKED, access);
        ConfigReload reload =
            new ConfigReload(
                configFile,
                keys,
                platform != null || local(listener.host()),
                config,
                server,
                line -> log(err, line),
                platform == null
                    ? (result, before, after) -> {}
                    : PlatformWiring.reloads(platform))) {
      if (tracing != null) {
        server.tracing(tracing);
      }
      server.metricsToken(config.metricsSecret());
      server.origins(config.origins());
      server.accessLog(config.accessLog());
      server.routing(config.routing());
      server.quality(config.platform().quality());
      server.effective(config.effective());
      server.configured(new ConfigMark(config.sharedHash(), false));
      OsSignal.listen("HUP", reload::reload);
      CountDownLatch stop = new CountDownLatch(1);
      server.operations(
          configFile == null && keys == null ? null : reload::reload, stop::countDown);
      if (platform != null) {
        NodeWiring.join(
            platform,
            server,
            config.platform().with(node, engineAddress).engine(),
            (tls ? "https" : "http") + "://" + listener.host() + ":" + server.port());
      }
      spec.commandLine()
          .getOut()
          .printf(
              "serving %s at %s://%s:%d%n",
              served == null ? "upstreams" : served.profile().name(),
              tls ? "https" : "http",
              listener.host(),
              server.port());
      spec.commandLine().getOut().flush();
      return untilStopped(server, err, stop);
    }
  }

  private static void log(PrintWriter err, String line) {
    synchronized (err) {
      err.println(line);
      err.flush();
    }
  }

  private int untilStopped(HadalServer server, PrintWriter err, CountDownLatch stop)
      throws InterruptedException {
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
    Thread serving = Thread.currentThread();
    AtomicBoolean draining = new AtomicBoolean();
    // Its default would end the process with 143; a second one does not wait for requests.
    Runnable ending =
        () -> {
          if (draining.getAndSet(false)) {
            serving.interrupt();
          }
          stop.countDown();
        };
    Runnable term = OsSignal.listen("TERM", ending);
    // Also Ctrl-C: the JVM would not listen to a second one.
    Runnable interrupt = OsSignal.listen("INT", ending);
    try {
      stop.await();
      log(err, "stopping: running requests may finish");
      draining.set(true);
      if (!server.drain(server.limits().drain())) {
        log(err, "stopped with requests unfinished");
      }
      draining.set(false);
    } catch (InterruptedException e) {
      log(err, "stopped at once, with requests unfinished");
    } finally {
      // What follows is short, and must not be cut.
      boolean _ = Thread.interrupted();
      server.endRunning();
      server.close();
      term.run();
      interrupt.run();
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
          config.http(),
          config.proxies());
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

  private HadalOptions options(ServeConfig config, boolean embedded) {
    Integer said = context != null ? context : config.context();
    // More than the embedded model was trained for, so that agents can try it.
    Integer wanted = said == null && embedded ? Integer.valueOf(DEFAULT_CONTEXT) : said;
    HadalOptions options =
        new HadalOptions()
            .engine(
                standard ->
                    stepped(run.engine(wanted == null ? standard.context() : wanted), config)
                        .withMode(mode.mode())
                        .withDrafting(config.speculation())
                        .withWarmUp(warmUp.on()))
            .dispatcher(standard -> dispatcher(config, standard))
            .engramCache(engram.cacheBytes())
            .packed(packed.or(config.packed()))
            .name(name != null ? name : config.name())
            .aliases(Set.copyOf(config.aliases()))
            .displayName(embedded ? "Hadal nano (embedded)" : null)
            .dialect(config.dialect())
            .thinking(config.thinking());
    if (wanted != null) {
      options.context(wanted);
    }
    Integer threads = config.threads();
    if (threads != null) {
      options.threads(threads);
    }
    return options;
  }

  private static EngineOptions stepped(EngineOptions options, ServeConfig config) {
    Integer tokens = config.stepTokens();
    return tokens == null ? options : options.withStepTokens(tokens);
  }

  private static DispatcherOptions dispatcher(ServeConfig config, DispatcherOptions standard) {
    return standard
        .withSpeculation(config.speculation())
        .withLimits(config.running(), config.waiting(), config.waitingPerKey())
        .withTokenTarget(Duration.ofMillis(config.tokenMillis()))
        .withPrefixMemory(
            config.prefixMemory() < 0 ? standard.prefixMemoryBytes() : config.prefixMemory(),
            config.prefixInterval())
        .withPrefixFolder(config.prefixFolder(), config.prefixDisk());
  }
}
