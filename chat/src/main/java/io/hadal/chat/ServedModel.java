package io.hadal.chat;

import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherBusyException;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.EncodedPrompt;
import io.hadal.formats.prompt.FimPrompt;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptEncoder;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.cache.KvBudgetException;
import io.hadal.model.config.ModelConfig;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A model that requests can be sent to: its engine, its names and how its prompts are written. */
public final class ServedModel {
  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Profile profile;
  private final Dispatcher dispatcher;
  private final Tokenizer tokenizer;
  private final PromptEncoder encoder;
  private final SegmentTokenizer segments;
  private final Set<Integer> chatStops = new TreeSet<>();
  private final Set<Integer> textStops = new TreeSet<>();
  private final Set<Integer> fillStops = new TreeSet<>();
  private final boolean fills;

  /**
   * What is known of a model beside its weights.
   *
   * @param name name that requests give
   * @param aliases other names for it
   * @param displayName name for people
   * @param version name that never changes its meaning
   * @param created when its files were made
   * @param dialect prompt format
   * @param thinking whether it reasons when nobody says anything
   */
  public record Profile(
      String name,
      Set<String> aliases,
      String displayName,
      String version,
      Instant created,
      PromptDialect dialect,
      boolean thinking) {
    public Profile {
      aliases = Set.copyOf(aliases);
    }
  }

  /**
   * A model over a running dispatcher.
   *
   * @throws FormatException when tokenizer and model do not belong together
   */
  public ServedModel(Profile profile, Dispatcher dispatcher, Tokenizer tokenizer) {
    ModelConfig config = dispatcher.engine().model().config();
    if (tokenizer.vocabSize() > config.vocabSize()) {
      throw new FormatException(
          profile.name(),
          "has a vocabulary of %d, the tokenizer one of %d: they do not belong together"
              .formatted(config.vocabSize(), tokenizer.vocabSize()));
    }
    this.profile = profile;
    this.dispatcher = dispatcher;
    this.tokenizer = tokenizer;
    this.encoder = new PromptEncoder(profile.dialect());
    this.segments = new SegmentTokenizer(tokenizer);
    textStops.add(config.eosId());
    tokenizer.eos().ifPresent(textStops::add);
    chatStops.addAll(textStops);
    // A model that opens the next turn has ended its own.
    for (String marker : new String[] {SpecialTokens.USER, SpecialTokens.BOS}) {
      tokenizer.id(marker).ifPresent(chatStops::add);
    }
    fillStops.addAll(textStops);
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (tokenizer.isAdded(id)) {
        fillStops.add(id);
      }
    }
    this.fills =
        tokenizer.id(SpecialTokens.FIM_BEGIN).isPresent()
            && tokenizer.id(SpecialTokens.FIM_HOLE).isPresent()
            && tokenizer.id(SpecialTokens.FIM_END).isPresent();
  }

  public Profile profile() {
    return profile;
  }

  public Dispatcher dispatcher() {
    return dispatcher;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  public PromptDialect dialect() {
    return profile.dialect();
  }

  PromptEncoder encoder() {
    return encoder;
  }

  public ModelConfig config() {
    return dispatcher.engine().model().config();
  }

  /** Most tokens of prompt and answer together. */
  public int context() {
    return dispatcher.engine().options().context();
  }

  /** True when it knows how to fill in the middle. */
  public boolean fills() {
    return fills;
  }

  /** True when requests may use this name for it. */
  public boolean answersTo(String name) {
    return name.equals(profile.name())
        || name.equals(profile.version())
        || profile.aliases().contains(name);
  }

  /** Tokens that end an answer of a conversation. */
  public Set<Integer> chatStops() {
    return chatStops;
  }

  /** Tokens that end a continued text. */
  public Set<Integer> textStops() {
    return textStops;
  }

  /** Tokens that end what is filled in. */
  public Set<Integer> fillStops() {
    return fillStops;
  }

  /** Ids of a rendered prompt. */
  public int[] tokenize(EncodedPrompt prompt) {
    return segments.encode(prompt.segments());
  }

  /** Ids of a plain text, behind the token that begins texts. */
  public int[] tokenizeText(String text) {
    int[] ids = tokenizer.encode(text, false);
    int bos = tokenizer.bos().orElse(config().bosId());
    if (bos < 0) {
      return ids;
    }
    int[] withBos = new int[ids.length + 1];
    withBos[0] = bos;
    System.arraycopy(ids, 0, withBos, 1, ids.length);
    return withBos;
  }

  /**
   * Ids of a prompt whose answer belongs between two texts.
   *
   * @throws Problem when the model does not {@linkplain #fills fill in}
   */
  public int[] tokenizeHole(String prefix, String suffix) {
    if (!fills) {
      throw Problem.unsupported("suffix", "needs a model that fills in; this one does not");
    }
    return tokenize(FimPrompt.encode(prefix, suffix, true));
  }

  /**
   * Starts a request.
   *
   * @throws Problem when it cannot be served, now or ever
   */
  public Generation start(TurnRequest request) {
    int tokens = request.generation().prompt().length;
    if (tokens >= context()) {
      throw Problem.contextLength(tokens, context());
    }
    Generation generation = new Generation(this, request);
    try {
      generation.start(dispatcher.submit(request.generation(), generation.listener()));
    } catch (DispatcherBusyException e) {
      throw busy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("prompt", String.valueOf(e.getMessage()));
    }
    return generation;
  }

  /**
   * Starts to compute the vector of a text; see {@link io.hadal.engine.TextEmbedding}. Wait for it
   * with {@link #vector}.
   *
   * @throws Problem when it cannot be served, now or ever
   */
  public Future<float[]> embed(int[] tokens) {
    if (tokens.length >= context()) {
      throw Problem.inputLength(tokens.length, context());
    }
    try {
      return dispatcher.embed(tokens);
    } catch (DispatcherBusyException e) {
      throw busy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("input", String.valueOf(e.getMessage()));
    }
  }

  /**
   * The vector {@code [hidden]} of a started embedding.
   *
   * @throws Problem when there is none
   * @throws CancellationException when the thread is interrupted, which ends the computation
   */
  public float[] vector(Future<float[]> started) {
    try {
      return started.get();
    } catch (InterruptedException e) {
      started.cancel(false);
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for an embedding");
    } catch (CancellationException e) {
      throw Problem.draining();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KvBudgetException) {
        throw Problem.overloaded(1);
      }
      report(e.getCause());
      throw Problem.internal();
    }
  }

  private static Problem busy(DispatcherBusyException e) {
    return e.reason() == DispatcherBusyException.Cause.DRAINING
        ? Problem.draining()
        : Problem.overloaded(e.retryAfterSeconds());
  }

  /** Writes a failure to the log. */
  void report(@Nullable Throwable cause) {
    LOG.log(Level.ERROR, "generation failed", cause);
  }
}
