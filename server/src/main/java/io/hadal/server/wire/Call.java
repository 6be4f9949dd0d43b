package io.hadal.server.wire;

import io.hadal.chat.ChatRequest.Client;
import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import io.hadal.engine.serving.FirstTokenPromise;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.explain.CacheExplainer;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One call of the API: its exchange and what is known about it, for answers, logs and metrics. */
public final class Call {
  private static final int MOST_IGNORED = 32;
  private static final List<String> SESSIONS =
      List.of(
          "x-claude-code-session-id",
          "session-id",
          "thread-id",
          "x-session-affinity",
          "x-session-id");

  private Exchange exchange;
  private final Dialect dialect;
  private final String operation;
  private final String requestId;
  private final Client client;
  private final CallMeter meter;
  private final Instant admitted = Instant.now();
  private final long started = System.nanoTime();
  private final List<String> ignored = new ArrayList<>();
  private byte @Nullable [] body;
  private @Nullable Map<String, String> tags;
  // Empty for nobody.
  private @Nullable String endUser;
  private volatile long endedAfter = -1;
  private @Nullable String peer;
  private String model = "";
  private @Nullable Resolution resolution;
  private @Nullable FirstTokenPromise promise;
  private boolean substituted;
  private Usage usage = Usage.NONE;
  private boolean streamed;
  private String outcome = "ok";
  private @Nullable String upstream;
  private @Nullable String upstreamModel;
  private @Nullable Duration firstToken;
  private @Nullable Duration tokenTime;
  private @Nullable Duration queueTime;
  private @Nullable CallTrace trace;
  private @Nullable String answeredBy;
  private @Nullable String answerId;
  private @Nullable String administrator;
  private @Nullable String administratorKey;
  private final List<String> finishReasons = new ArrayList<>(1);
  private CacheExplainer.@Nullable Asked asked;
  private @Nullable PriorityClass queue;
  private int openCalls;
  private int brokenCalls;

  public Call(
      Exchange exchange,
      Dialect dialect,
      String operation,
      String requestId,
      Client client,
      CallMeter meter) {
    this.exchange = exchange;
    this.dialect = dialect;
    this.operation = operation;
    this.requestId = requestId;
    this.client = client;
    this.meter = meter;
  }

  public Exchange exchange() {
    return exchange;
  }

  /** Answers through another exchange from now on. */
  public void through(Exchange wrapper) {
    exchange = wrapper;
  }

  public Dialect dialect() {
    return dialect;
  }

  /** What is asked for, such as {@code chat}. */
  public String operation() {
    return operation;
  }

  public String requestId() {
    return requestId;
  }

  /** Whose call it is; once its body is known, also for which of several users. */
  public Client client() {
    Identity identity = meter.identity();
    if (identity != null && identity.policy().cacheIsolation().equals("user")) {
      String user = endUser();
      return user == null ? client : client.within(user);
    }
    return client;
  }

  /**
   * Hash of the end user whom the body names, in its project; null for none, and before the body
   * was read.
   */
  public @Nullable String endUser() {
    byte[] read = body;
    if (endUser == null && read != null) {
      String user = EndUser.of(read);
      endUser = user == null ? "" : EndUser.hash(client.tenant(), user);
    }
    return endUser == null || endUser.isEmpty() ? null : endUser;
  }

  /** Counts and limits what it takes. */
  public CallMeter meter() {
    return meter;
  }

  /**
   * The model that it names.
   *
   * @throws Problem when its key may not use it
   */
  public void model(String name) {
    if (resolution != null) {
      // The key was asked about the name that the client wrote.
      return;
    }
    Identity identity = meter.identity();
    if (identity != null && !identity.mayUse(name)) {
      throw HttpProblem.forbidden(
          "model_not_allowed", "model", "This key may not use the model '" + name + "'.");
    }
    model = name;
  }

  /** What the registry says of the model that the client named. */
  public void resolved(Resolution found) {
    resolution = found;
    model = found.alias();
  }

  /** Forgets what the registry said: another model is asked. */
  public void unresolved() {
    resolution = null;
    promise = null;
  }

  /** What the registry says of the model; null when it does not know its name. */
  public @Nullable Resolution resolution() {
    return resolution;
  }

  /** How soon the first token should come when this process answers. */
  public void promise(@Nullable FirstTokenPromise value) {
    promise = value;
  }

  /** How soon the first token should come when this process answers; null for no promise. */
  @Nullable FirstTokenPromise promise() {
    return promise;
  }

  /** Says that another model answers, because the one that was asked for could not. */
  public void substituted() {
    substituted = true;
  }

  /** Whether another model answers than the one that was asked for. */
  public boolean isSubstituted() {
    return substituted;
  }

  /** The version that answers: the registry's, or what the model says of itself. */
  public String version(String own) {
    return resolution == null || substituted ? own : resolution.version();
  }

  /** Name of the model as the client wrote it; empty before it is known. */
  public String model() {
    return model;
  }

  /** The dialect in lower case, for logs, metrics and the ledger. */
  public String dialectName() {
    return dialect.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Tags that the client gives it, by which costs are told apart.
   *
   * @throws Problem when one is too long or malformed
   */
  public Map<String, String> tags() {
    Map<String, String> known = tags;
    if (known == null) {
      known = CostTags.of(exchange);
      tags = known;
    }
    return known;
  }

  /** Hash of the session that the client names in one of several headers; null for none. */
  public @Nullable String sessionHash() {
    for (String header : SESSIONS) {
      String value = exchange.header(header);
      if (value != null && !value.isBlank()) {
        return Digests.hash(client.tenant(), value);
      }
    }
    return null;
  }

  /** Seconds since 1970 at admission. */
  public long created() {
    return admitted.getEpochSecond();
  }

  public Instant admitted() {
    return admitted;
  }

  /** Time since it came; once it is over, the time that it took. */
  public Duration age() {
    long took = endedAfter;
    return Duration.ofNanos(took < 0 ? System.nanoTime() - started : took);
  }

  /** The client has its answer; the connection may go on, or away. */
  public void over() {
    peer = exchange.peer();
    endedAfter = System.nanoTime() - started;
  }

  /** Address of the client, also when its connection has gone. */
  public String peer() {
    String known = peer;
    return known == null ? exchange.peer() : known;
  }

  /**
   * The body, unpacked.
   *
   * @throws Problem when it is too long
   */
  public byte[] body(long limit) throws IOException {
    byte[] known = body;
    if (known != null) {
      return known;
    }
    byte[] raw = exchange.body(limit);
    if (raw == null) {
      throw HttpProblem.tooLarge(limit);
    }
    body = raw;
    return raw;
  }

  /** The body as it was last given; null when nobody has read it. */
  public byte @Nullable [] bodyRead() {
    return body;
  }

  /** Another body, for whoever reads it next. */
  public void replaceBody(byte[] bytes) {
    body = bytes;
  }

  /**
   * The body as an object.
   *
   * @throws Problem when it is none
   */
  Fields json(long limit) throws IOException {
    byte[] bytes = body(limit);
    String type = exchange.header("content-type");
    // Clients of Ollama send none.
    if (dialect != Dialect.OLLAMA && !isJson(type)) {
      throw HttpProblem.unsupportedMedia("content-type must be application/json");
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      JsonNode node = Json.parse(bytes, "body");
      if (node.isMissingNode()) {
        throw HttpProblem.invalidJson("empty");
      }
      return Fields.of(node, "");
    } catch (CharacterCodingException e) {
      throw HttpProblem.invalidJson("not UTF-8");
    } catch (FormatException e) {
      throw HttpProblem.invalidJson(String.valueOf(e.getMessage()).replaceFirst("^body: ", ""));
    }
  }

  private static boolean isJson(@Nullable String type) {
    if (type == null) {
      return false;
    }
    String[] parts = type.toLowerCase(Locale.ROOT).split(";");
    String media = parts[0].strip();
    boolean json = media.equals("application/json") || media.endsWith("+json");
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].strip();
      if (part.startsWith("charset=") && !part.replace("\"", "").equals("charset=utf-8")) {
        return false;
      }
    }
    return json;
  }

  /** Fields that were accepted without effect; the answer names them. */
  public void ignore(List<String> names) {
    // Names come from the client and go into a header.
    names.stream()
        .map(n -> n.replaceAll("[^A-Za-z0-9_.\\[\\]/#$~-]", "?"))
        .limit(Math.max(0, MOST_IGNORED - ignored.size()))
        .forEach(ignored::add);
  }

  public List<String> ignored() {
    return ignored;
  }

  /** Names them in a header of the answer, which has not begun. */
  void tellIgnored() {
    if (!ignored.isEmpty()) {
      exchange.setHeader("x-hadal-ignored-params", String.join(",", ignored));
    }
  }

  /**
   * Deals with fields nobody has read: an error for clients that want one, else the answer names
   * them.
   */
  void unknown(Fields fields) {
    List<String> names = fields.unread();
    if (!names.isEmpty() && HeaderFlag.STRICT_PARAMS.of(exchange)) {
      throw Problem.invalid(names.getFirst(), "is unknown");
    }
    ignore(names);
  }

  public void usage(Usage value) {
    usage = value;
  }

  public Usage usage() {
    return usage;
  }

  /** The answer goes out in pieces. */
  public void streamed() {
    streamed = true;
  }

  public boolean isStreamed() {
    return streamed;
  }

  /**
   * Says that an upstream answers.
   *
   * @param name its name
   * @param model label of its model in metrics
   */
  public void upstream(String name, String model) {
    upstream = name;
    upstreamModel = model;
  }

  /** Says that this process answers after all. */
  public void local() {
    upstream = null;
    upstreamModel = null;
  }

  /** The upstream that answers; null for this process. */
  public @Nullable String upstream() {
    return upstream;
  }

  /** Label of the upstream's model; null for this process. */
  public @Nullable String upstreamModel() {
    return upstreamModel;
  }

  /** Lets somebody follow the call. */
  public void trace(CallTrace follower) {
    trace = follower;
  }

  /** Follows the call; null when nobody wants to see it. */
  public @Nullable CallTrace trace() {
    return trace;
  }

  /** Tells the client, and others, which version of a model answers. */
  public void answeredBy(String version) {
    answeredBy = version;
    exchange.setHeader("x-hadal-model", version);
  }

  /** The version that answers; null before it is known. */
  public @Nullable String answeredBy() {
    return answeredBy;
  }

  /** Takes note of the answer's id; returns it. */
  public String answerId(String id) {
    answerId = id;
    return id;
  }

  /** Takes note of who administers, and with which key; null for a session. */
  public void administrator(String principal, @Nullable String key) {
    administrator = principal;
    administratorKey = key;
  }

  /** Who administers; null for other calls, and when nobody was let in. */
  public @Nullable String administrator() {
    return administrator;
  }

  /** Id of the key that administers; null for a session. */
  public @Nullable String administratorKey() {
    return administratorKey;
  }

  /** Id of the answer, as the client sees it; null when it has none. */
  public @Nullable String answerId() {
    return answerId;
  }

  /** Takes note of why an answer, or one of several, has ended. */
  public void finished(String reason) {
    finishReasons.add(reason);
  }

  /** Why answers have ended, in small letters. */
  public List<String> finishReasons() {
    return finishReasons;
  }

  /** How it ended: ok, client_closed, or the code of a problem. */
  public void outcome(String value) {
    outcome = value;
  }

  public String outcome() {
    return outcome;
  }

  /** What was measured; null for what was not. */
  public void times(
      @Nullable Duration queue, @Nullable Duration toFirstToken, @Nullable Duration perToken) {
    queueTime = queue;
    firstToken = toFirstToken;
    tokenTime = perToken;
  }

  public @Nullable Duration queueTime() {
    return queueTime;
  }

  public @Nullable Duration firstToken() {
    return firstToken;
  }

  public @Nullable Duration tokenTime() {
    return tokenTime;
  }

  /** How its prompt differs from the one before it; null when nobody looks. */
  void asked(CacheExplainer.@Nullable Asked value) {
    asked = value;
  }

  CacheExplainer.@Nullable Asked asked() {
    return asked;
  }

  /** Says in which class it waits. */
  void queue(PriorityClass priority) {
    queue = priority;
  }

  /** The class in which it waited; null when it did not come to that. */
  public @Nullable PriorityClass queue() {
    return queue;
  }

  /** Sees what is generated: calls whose markup the model got wrong are counted. */
  void saw(TurnEvent event) {
    if (event instanceof TurnEvent.CallEnd end && !end.complete()) {
      openCalls++;
    } else if (event instanceof TurnEvent.End end) {
      boolean cut =
          switch (end.finish()) {
            case LENGTH, CONTEXT, CANCELLED -> true;
            case STOP, STOP_STRING, TOOL_CALLS -> false;
          };
      brokenCalls += cut ? 0 : openCalls;
      openCalls = 0;
    }
  }

  /** Calls of tools whose arguments could not be read. */
  public int brokenCalls() {
    return brokenCalls;
  }
}
