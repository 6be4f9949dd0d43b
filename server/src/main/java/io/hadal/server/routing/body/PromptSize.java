package io.hadal.server.routing.body;

/**
 * How long a part of a prompt is, where nobody has counted its tokens.
 *
 * @param about tokens, by estimate
 * @param most tokens that it cannot have more of: a token stands for at least one byte, each
 *     picture for {@value #MOST_PICTURE} at most, each document, file or earlier conversation for
 *     {@value #MOST_UNSEEN}. What an upstream adds by itself is not in it.
 */
record PromptSize(long about, long most) {
  static final PromptSize NONE = new PromptSize(0, 0);

  /** Tokens of a picture in the detail that upstreams usually look at. */
  private static final long USUAL_PICTURE = 1600;

  private static final long MOST_PICTURE = 16_384;

  /** Tokens of some pages. */
  private static final long USUAL_UNSEEN = 4096;

  /** As long as a conversation with a model whose context nobody has set. */
  private static final long MOST_UNSEEN = 131_072;

  /** What a request only refers to. */
  static final PromptSize UNSEEN = new PromptSize(USUAL_UNSEEN, MOST_UNSEEN);

  PromptSize plus(PromptSize other) {
    return new PromptSize(about + other.about, most + other.most);
  }

  /** The same with pictures and with what cannot be looked into. */
  PromptSize with(long pictures, long unseen) {
    return new PromptSize(
        about + pictures * USUAL_PICTURE + unseen * USUAL_UNSEEN,
        most + pictures * MOST_PICTURE + unseen * MOST_UNSEEN);
  }

  /**
   * The size of a piece of JSON.
   *
   * @param attachments whether it may hold pictures and files, whose bytes are no text
   */
  static PromptSize of(byte[] json, int from, int to, boolean attachments) {
    if (attachments) {
      return new Attachments(json, from, to).size();
    }
    Text text = new Text();
    text.add(json, from, to);
    return text.size();
  }

  /** What is read as text. */
  static final class Text {
    private long ascii;
    private long others;
    private long bytes;

    void add(byte[] json, int from, int to) {
      bytes += to - from;
      for (int i = from; i < to; i++) {
        if (json[i] >= 0) {
          ascii++;
        } else if ((json[i] & 0xC0) == 0xC0) {
          others++;
        }
      }
    }

    PromptSize size() {
      return new PromptSize(TokenEstimate.tokens(ascii, others), bytes);
    }
  }
}
