package io.hadal.chat;

/** Decides what answers have to follow; prompts are always those that clients ask for. */
@FunctionalInterface
public interface AnswerPolicy {
  /** What the client asks for. */
  AnswerPolicy AS_ASKED = request -> request;

  /**
   * The request whose format, tools, tool choice and reasoning budget the answer follows. Any
   * thread.
   *
   * @throws Problem when it is to be refused
   */
  ChatRequest answerTo(ChatRequest request);
}
