package io.hadal.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A plain text to go on with, or a hole in one to fill. */
public final class TextRequest {
  private static final int DEFAULT_TOKENS = 256;

  private final String prefix;
  private final @Nullable String suffix;
  private int maxTokens = DEFAULT_TOKENS;
  private Sampling sampling = Sampling.DEFAULT;
  private List<String> stops = List.of();
  private AnswerFormat format = AnswerFormat.TEXT;
  private ChatRequest.Client client = ChatRequest.Client.ANYONE;

  private TextRequest(String prefix, @Nullable String suffix) {
    this.prefix = prefix;
    this.suffix = suffix;
  }

  /** What comes behind a text. */
  public static TextRequest behind(String text) {
    return new TextRequest(text, null);
  }

  /** What comes between two texts. */
  public static TextRequest between(String prefix, String suffix) {
    return new TextRequest(prefix, suffix);
  }

  /** Most tokens of the answer. Default: 256. */
  public TextRequest maxTokens(int value) {
    maxTokens = value;
    return this;
  }

  public TextRequest sampling(Sampling value) {
    sampling = value;
    return this;
  }

  /** Strings that end the answer. */
  public TextRequest stops(List<String> value) {
    stops = List.copyOf(value);
    return this;
  }

  public TextRequest format(AnswerFormat value) {
    format = value;
    return this;
  }

  public TextRequest client(ChatRequest.Client value) {
    client = value;
    return this;
  }

  TurnRequest plan(ChatPlanner planner) {
    ServedModel model = planner.model();
    int[] prompt = suffix == null ? model.tokenizeText(prefix) : model.tokenizeHole(prefix, suffix);
    if (prompt.length == 0) {
      throw Problem.invalid("prompt", "has no tokens");
    }
    return planner.text(prompt, maxTokens, sampling, stops, -1, 1, suffix != null, format, client);
  }
}
