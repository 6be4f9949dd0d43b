package io.hadal.train.corpus.task;

import com.sun.source.tree.MethodTree;
import io.hadal.train.corpus.Task;
import java.util.List;
import java.util.SplittableRandom;

/** Documentation and head of a method, and its body. */
final class DocToBody implements Generator {
  static final String KIND = "body";

  private static final int LEAST_BODY = 30;
  private static final int MOST = 2500;
  private static final int LEAST_DOC = 60;

  @Override
  public List<Draft> drafts(ParsedFile file, SplittableRandom random) {
    List<MethodTree> methods =
        file.methods(LEAST_BODY, MOST).stream().filter(m -> documented(file, m)).toList();
    if (methods.isEmpty()) {
      return List.of();
    }
    MethodTree method = methods.get(random.nextInt(methods.size()));
    int doc = file.docStart(method);
    int open = file.start(method.getBody());
    String head = file.outdented(doc, file.text().substring(doc, open));
    String body = file.outdented(doc, file.text().substring(open, file.end(method)));
    boolean chat = random.nextBoolean();
    Task task =
        chat
            ? new Task(
                KIND,
                "Write this method.\n\n" + TaskText.block(head),
                // The head once more: an answer is code that stands for itself.
                TaskText.block(head.substring(end(head)) + body),
                true)
            : new Task(KIND, head, body + "\n", false);
    return List.of(Draft.of(task));
  }

  /** Behind the comment. */
  private static int end(String head) {
    int end = head.indexOf("*/") + 2;
    while (end < head.length() && Character.isWhitespace(head.charAt(end))) {
      end++;
    }
    return end;
  }

  private static boolean documented(ParsedFile file, MethodTree method) {
    int doc = file.docStart(method);
    return doc >= 0
        && file.start(method) - doc >= LEAST_DOC
        && file.end(method.getBody()) - file.start(method.getBody()) >= LEAST_BODY
        && !file.text().startsWith("{@inheritDoc}", doc + 3)
        && !file.text().substring(doc, file.start(method)).contains("{@inheritDoc}");
  }
}
