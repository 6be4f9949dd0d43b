package io.hadal.chat;

import io.hadal.engine.constraint.TokenConstraint;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Reasoning without rules, up to a budget; the token that ends it; then an answer that may have
 * rules.
 */
final class AfterReasoning implements TokenConstraint {
  private final int end;
  private final BitSet all;
  private final BitSet onlyEnd;
  private final @Nullable TokenConstraint answer;
  private int left;
  private boolean answering;

  /**
   * @param end token that ends the reasoning
   * @param budget most tokens before it; 0 for no limit
   * @param all tokens that may occur in reasoning and in an answer without rules
   * @param answer rules of the answer; null for none
   */
  AfterReasoning(int end, int budget, BitSet all, @Nullable TokenConstraint answer) {
    this.end = end;
    this.left = budget == 0 ? Integer.MAX_VALUE : budget;
    this.all = all;
    this.onlyEnd = new BitSet();
    onlyEnd.set(end);
    this.answer = answer;
  }

  @Override
  public BitSet allowed() {
    if (!answering) {
      return left > 0 ? all : onlyEnd;
    }
    return answer == null ? all : answer.allowed();
  }

  @Override
  public void accept(int token) {
    if (answering) {
      if (answer != null) {
        answer.accept(token);
      }
    } else if (token == end) {
      answering = true;
    } else {
      left--;
    }
  }

  @Override
  public boolean mayEnd() {
    return answering ? answer == null || answer.mayEnd() : answer == null && left > 0;
  }

  @Override
  public boolean finished() {
    return answering && answer != null && answer.finished();
  }

  @Override
  public TokenConstraint fork() {
    AfterReasoning copy = new AfterReasoning(end, 0, all, answer == null ? null : answer.fork());
    copy.left = left;
    copy.answering = answering;
    return copy;
  }
}
