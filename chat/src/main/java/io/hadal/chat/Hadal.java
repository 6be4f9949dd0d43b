package io.hadal.chat;

import io.hadal.engine.Engine;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.ParsedToolCall;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model in this process, ready to answer. Any number of threads may use it at once; their
 * requests run together in one pass over the weights for each token.
 *
 * <pre>{@code
 * try (Hadal hadal = Hadal.load(Path.of("MODEL"));
 *     var chat = hadal.session()) {
 *   chat.generate("What is a B-tree?", System.out::print);
 * }
 * }</pre>
 *
 * <p>Requests that cannot be answered throw {@link Problem}.
 */
public final class Hadal implements AutoCloseable {
  /** Longest conversation when nothing is said: agents begin with 10,000 to 20,000 tokens. */
  public static final int DEFAULT_CONTEXT = 65_536;

  private static final int REMEMBERED_CALLS = 4096;
  private static final Duration LOOK = Duration.ofSeconds(10);

  private final Model weights;
  private final Engine engine;
  private final Dispatcher dispatcher;
  private final ServedModel model;
  private final ChatPlanner planner;

  private Hadal(Path checkpoint, HadalOptions options) {
    weights = Model.load(checkpoint, options.engramCache());
    weights.choosePacked(options.packed());
    boolean ok = false;
    Engine opened = null;
    Dispatcher started = null;
    try {
      Tokenizer tokenizer = tokenizer(weights, options);
      ServedModel.Profile profile = profile(options, weights, checkpoint);
      engine = opened = new Engine(weights, options.engine(weights.config().contextLength()));
      dispatcher = started = new Dispatcher(engine, options.dispatcher());
      model = new ServedModel(profile, dispatcher, tokenizer);
      planner =
          new ChatPlanner(model, new CallMemory(REMEMBERED_CALLS), null, AnswerPolicy.AS_ASKED);
      ok = true;
    } finally {
      if (!ok) {
        if (started != null) {
          started.close();
        }
        if (opened != null) {
          opened.close();
        }
        weights.close();
      }
    }
  }

  /** As {@link #load(Path, HadalOptions)}, with what suits most. */
  public static Hadal load(Path checkpoint) {
    return new Hadal(checkpoint, new HadalOptions());
  }

  /**
   * Opens a model.
   *
   * @param checkpoint a folder with {@code config.json} and {@code *.safetensors}, or a GGUF file
   * @throws FormatException when files are missing or damaged, there is no tokenizer or no known
   *     prompt format
   * @throws io.hadal.model.MemoryPlanException when model, caches and scratch do not fit
   * @throws UncheckedIOException when files cannot be read
   */
  public static Hadal load(Path checkpoint, HadalOptions options) {
    return new Hadal(checkpoint, options);
  }

  private static Tokenizer tokenizer(Model weights, HadalOptions options) {
    Tokenizer own = options.tokenizer();
    return own != null
        ? own
        : StoredTokenizer.find(weights.store(), Model.folder(weights.path()))
            .orElseThrow(
                () ->
                    new FormatException(
                        weights.path().toString(), "has no tokenizer, which answers need"));
  }

  private static ServedModel.Profile profile(HadalOptions options, Model weights, Path checkpoint) {
    String family = weights.config().family();
    String wanted = options.dialect();
    PromptDialect dialect =
        wanted == null ? PromptDialects.ofFamily(family) : PromptDialects.named(wanted);
    if (dialect == null) {
      throw new FormatException(
          checkpoint.toString(),
          (wanted == null
                  ? "has no known prompt format for " + family + "; name one as model.dialect"
                  : "model.dialect " + wanted + " is unknown")
              + ": "
              + PromptDialects.names());
    }
    String given = options.name();
    String name = given != null ? given : name(checkpoint);
    String forPeople = options.displayName();
    Boolean thinking = options.thinking();
    Instant created;
    try {
      created = Files.getLastModifiedTime(checkpoint).toInstant();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ServedModel.Profile(
        name,
        options.aliases(),
        forPeople != null ? forPeople : name,
        name + "@" + LocalDate.ofInstant(created, ZoneOffset.UTC),
        created.truncatedTo(ChronoUnit.SECONDS),
        dialect,
        thinking != null ? thinking : family.startsWith("deepseek"));
  }

  /** Name of a checkpoint: that of its file or folder. */
  private static String name(Path checkpoint) {
    Path file = checkpoint.toAbsolutePath().normalize().getFileName();
    String name = file == null ? "model" : file.toString();
    name = name.replaceFirst("\\.(gguf|safetensors)$", "").replaceAll("[^A-Za-z0-9._-]+", "-");
    return name.isEmpty() ? "model" : name;
  }

  /** The model with its dispatcher, for those who need more than this class offers. */
  public ServedModel model() {
    return model;
  }

  /** A conversation. */
  public ChatSession session() {
    return session(new ChatRequest());
  }

  /**
   * A conversation.
   *
   * @param settings tools, format, sampling and the like of every answer; its messages open the
   *     conversation, for example with a system text
   */
  public ChatSession session(ChatRequest settings) {
    return new ChatSession(this, settings);
  }

  /** The answer to a conversation that the caller keeps. */
  public Reply chat(ChatRequest request) {
    return chat(request, event -> {});
  }

  /**
   * The answer to a conversation that the caller keeps.
   *
   * @param events takes what happens, on the calling thread; what it throws ends the answer
   * @throws Problem when there is no answer
   * @throws CancellationException when the thread is interrupted
   */
  public Reply chat(ChatRequest request, Consumer<TurnEvent> events) {
    try (Generation generation = start(request)) {
      return reply(generation, request.client(), events);
    }
  }

  /**
   * Starts the answer to a conversation, whose events the caller takes at its own pace.
   *
   * @throws Problem when it cannot be served
   */
  public Generation start(ChatRequest request) {
    return model.start(planner.plan(single(request)));
  }

  private static ChatRequest single(ChatRequest request) {
    if (request.choices() != 1) {
      throw Problem.unsupported("n", "must be 1 here; start several answers instead");
    }
    return request;
  }

  /**
   * The whole answer of a {@linkplain #start started} request. Its calls are remembered as the
   * model wrote them, so that the next turn need not be computed from there.
   *
   * @throws Problem when there is no answer
   * @throws CancellationException when the thread is interrupted
   */
  public Reply reply(Generation generation, ChatRequest.Client client, Consumer<TurnEvent> events) {
    List<String> ids = new ArrayList<>();
    TurnEvent.End end = null;
    while (!generation.finished()) {
      TurnEvent event = next(generation);
      switch (event) {
        case null -> {
          continue;
        }
        case TurnEvent.CallStart start -> ids.add(callId(start));
        case TurnEvent.End last -> end = last;
        default -> {}
      }
      events.accept(event);
    }
    if (end == null) {
      throw Problem.internal();
    }
    planner.memory().remember(client.cacheKey(), ids, end.completion());
    List<ToolCall> calls = new ArrayList<>();
    for (int i = 0; i < end.completion().toolCalls().size(); i++) {
      ParsedToolCall call = end.completion().toolCalls().get(i);
      if (call.complete()) {
        calls.add(call.toToolCall(ids.get(i)));
      }
    }
    return new Reply(
        end.completion().content(),
        end.completion().reasoning(),
        calls,
        end.finish(),
        end.stop(),
        generation.usage(),
        generation.ignored());
  }

  /** The id under which a {@link Reply} has a call. */
  public static String callId(TurnEvent.CallStart start) {
    return "call_" + start.id();
  }

  private static @Nullable TurnEvent next(Generation generation) {
    try {
      return generation.next(LOOK);
    } catch (Problem problem) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("interrupted while waiting for an answer");
      }
      throw problem;
    }
  }

  /** What comes behind or between plain texts. */
  public Reply complete(TextRequest request) {
    return complete(request, text -> {});
  }

  /**
   * What comes behind or between plain texts.
   *
   * @param text takes pieces of the answer, on the calling thread
   * @throws Problem when there is no answer, or the model does not fill in
   * @throws CancellationException when the thread is interrupted
   */
  public Reply complete(TextRequest request, Consumer<String> text) {
    try (Generation generation = model.start(request.plan(planner))) {
      return reply(generation, ChatRequest.Client.ANYONE, texts(text));
    }
  }

  /**
   * The vector of a text, {@code [hidden]} of length 1: the mean of its tokens' final hidden
   * states. Experimental; see {@link io.hadal.engine.TextEmbedding}.
   *
   * @throws Problem when there is none, for example because the text is too long
   * @throws CancellationException when the thread is interrupted
   */
  public float[] embed(String text) {
    return model.vector(model.embed(model.tokenizeText(text)));
  }

  static Consumer<TurnEvent> texts(Consumer<String> text) {
    return event -> {
      if (event instanceof TurnEvent.Text piece) {
        text.accept(piece.text());
      }
    };
  }

  /** Ends running answers, which then fail, and frees the model. */
  @Override
  public void close() {
    dispatcher.close();
    engine.close();
    weights.close();
  }
}
