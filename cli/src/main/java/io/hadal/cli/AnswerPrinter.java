package io.hadal.cli;

import io.hadal.formats.prompt.CompletionEvent;
import java.io.PrintWriter;
import java.util.function.Consumer;

/**
 * Prints an answer as it comes. Reasoning is dimmed on a terminal and left out elsewhere, where a
 * program reads the answers.
 */
final class AnswerPrinter implements Consumer<CompletionEvent> {
  private static final String DIM = "\u001b[2m";
  private static final String NORMAL = "\u001b[0m";

  private final PrintWriter out;
  private final boolean terminal;
  private boolean dimmed;

  AnswerPrinter(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public void accept(CompletionEvent event) {
    switch (event) {
      case CompletionEvent.ReasoningDelta r -> {
        if (terminal) {
          out.print(dimmed ? r.text() : DIM + r.text());
          dimmed = true;
        }
      }
      case CompletionEvent.ContentDelta c -> {
        normal();
        out.print(c.text());
      }
      case CompletionEvent.ToolCallStart t -> {
        normal();
        out.print("[calls " + t.name() + " ");
      }
      case CompletionEvent.ToolArgumentsDelta a -> out.print(a.json());
      case CompletionEvent.ToolCallEnd e -> out.print(e.complete() ? "]" : " …]");
      case CompletionEvent.Done d -> normal();
    }
    out.flush();
  }

  private void normal() {
    if (dimmed) {
      out.println(NORMAL);
      dimmed = false;
    }
  }

  void end() {
    out.println();
    out.flush();
  }
}
