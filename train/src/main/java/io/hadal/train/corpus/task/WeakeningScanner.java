package io.hadal.train.corpus.task;

import com.sun.source.tree.ExpressionStatementTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds safe code in a method that a small change makes unsafe. */
final class WeakeningScanner extends TreeScanner<Void, Void> {
  private static final Pattern HARDENING =
      Pattern.compile(
          "set(Feature|Property|Attribute)\\(.*(FEATURE_SECURE_PROCESSING|disallow-doctype-decl"
              + "|external-general-entities|external-parameter-entities|ACCESS_EXTERNAL"
              + "|SUPPORT_DTD|IS_SUPPORTING_EXTERNAL_ENTITIES).*|setExpandEntityReferences\\(false\\)",
          Pattern.DOTALL);
  private static final Pattern SETTER = Pattern.compile("set(String|Int|Long|Object)");

  private final ParsedFile file;
  private final MethodTree method;
  private final List<Weakening> found = new ArrayList<>();
  // Prepared statements by variable: the literal with its one question mark.
  private final List<Prepared> prepared = new ArrayList<>();

  private record Prepared(String variable, LiteralTree statement) {}

  private WeakeningScanner(ParsedFile file, MethodTree method) {
    this.file = file;
    this.method = method;
  }

  static List<Weakening> of(ParsedFile file, MethodTree method) {
    WeakeningScanner scanner = new WeakeningScanner(file, method);
    scanner.scan(method.getBody(), null);
    return scanner.found;
  }

  private void replace(Weakness weakness, Tree tree, String by) {
    int start = file.start(tree);
    found.add(new Weakening(weakness, List.of(new Edit(start, file.end(tree), by)), start));
  }

  /** The line of a statement that has it for itself, null for others. */
  private @Nullable Edit line(Tree statement) {
    int start = file.start(statement);
    int end = file.end(statement);
    int line = file.text().lastIndexOf('\n', start) + 1;
    return file.text().substring(line, start).isBlank()
            && file.text().startsWith("\n", end)
            && line > file.start(method)
        ? new Edit(line, end + 1, "")
        : null;
  }

  @Override
  public @Nullable Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
    if (call.getMethodSelect() instanceof MemberSelectTree select) {
      String name = select.getIdentifier().toString();
      ExpressionTree receiver = select.getExpression();
      List<? extends ExpressionTree> arguments = call.getArguments();
      switch (name) {
        case "getInstance" -> instance(file.source(receiver), arguments);
        case "isEqual" -> {
          if (file.source(receiver).equals("MessageDigest") && arguments.size() == 2) {
            replace(Weakness.TIMING, receiver, "Arrays");
            rename(call, select, "equals");
          }
        }
        case "start" -> process(call, receiver);
        case "getenv" -> {
          String key = arguments.isEmpty() ? "" : file.source(arguments.getFirst());
          if (key.matches("\"\\w*(PASSWORD|SECRET|TOKEN|API_KEY)\\w*\"")) {
            replace(Weakness.SECRET, call, "\"Kq7!vw20zR\"");
          }
        }
        default -> {}
      }
    }
    return super.visitMethodInvocation(call, unused);
  }

  /** Completes the change that was found last: another name of the method. */
  private void rename(MethodInvocationTree call, MemberSelectTree select, String name) {
    Weakening last = found.removeLast();
    int end = file.end(select);
    List<Edit> edits = new ArrayList<>(last.edits());
    edits.add(new Edit(end - select.getIdentifier().length(), end, name));
    found.add(new Weakening(last.weakness(), edits, file.start(call)));
  }

  private void instance(String receiver, List<? extends ExpressionTree> arguments) {
    String algorithm = arguments.isEmpty() ? "" : file.source(arguments.getFirst());
    if (receiver.equals("MessageDigest") && algorithm.matches("\"SHA-?(256|384|512)\"")) {
      replace(Weakness.WEAK_HASH, arguments.getFirst(), "\"MD5\"");
    } else if (receiver.equals("Cipher") && algorithm.matches("\"AES/(GCM|CBC|CTR)/.*")) {
      replace(Weakness.WEAK_CIPHER, arguments.getFirst(), "\"AES/ECB/PKCS5Padding\"");
    } else if (receiver.equals("SSLContext") && algorithm.matches("\"(TLS|TLSv1\\.[23])\"")) {
      replace(Weakness.WEAK_PROTOCOL, arguments.getFirst(), "\"SSLv3\"");
    }
  }

  /** {@code new ProcessBuilder(a, b).start()} as one command line. */
  private void process(MethodInvocationTree call, ExpressionTree receiver) {
    if (receiver instanceof NewClassTree builder
        && file.source(builder.getIdentifier()).equals("ProcessBuilder")
        && builder.getArguments().size() > 1) {
      String line =
          String.join(
              " + \" \" + ", builder.getArguments().stream().map(a -> file.source(a)).toList());
      replace(Weakness.COMMAND_INJECTION, call, "Runtime.getRuntime().exec(" + line + ")");
    }
  }

  @Override
  public @Nullable Void visitNewClass(NewClassTree creation, Void unused) {
    if (file.source(creation.getIdentifier()).equals("SecureRandom")
        && creation.getArguments().isEmpty()) {
      // A variable of the old type takes no other generator.
      int line = file.text().lastIndexOf('\n', file.start(creation)) + 1;
      String before = file.text().substring(line, file.start(creation));
      int type = before.indexOf("SecureRandom");
      List<Edit> edits = new ArrayList<>();
      if (type >= 0) {
        edits.add(new Edit(line + type, line + type + "SecureRandom".length(), "Random"));
      }
      edits.add(new Edit(file.start(creation), file.end(creation), "new Random()"));
      found.add(new Weakening(Weakness.PREDICTABLE, edits, edits.getFirst().start()));
    }
    return super.visitNewClass(creation, unused);
  }

  @Override
  public @Nullable Void visitVariable(VariableTree variable, Void unused) {
    if (variable.getInitializer() instanceof MethodInvocationTree call
        && call.getMethodSelect() instanceof MemberSelectTree select
        && select.getIdentifier().contentEquals("prepareStatement")
        && call.getArguments().size() == 1
        && call.getArguments().getFirst() instanceof LiteralTree statement) {
      String text = file.source(statement);
      if (text.startsWith("\"")
          && !text.startsWith("\"\"\"")
          && text.indexOf('?') >= 0
          && text.indexOf('?') == text.lastIndexOf('?')) {
        prepared.add(new Prepared(variable.getName().toString(), statement));
      }
    }
    return super.visitVariable(variable, unused);
  }

  @Override
  public @Nullable Void visitExpressionStatement(ExpressionStatementTree statement, Void unused) {
    if (statement.getExpression() instanceof MethodInvocationTree call
        && call.getMethodSelect() instanceof MemberSelectTree select) {
      String source = file.source(call);
      Edit line = line(statement);
      if (line != null && HARDENING.matcher(source).find()) {
        found.add(new Weakening(Weakness.EXTERNAL_ENTITY, List.of(line), factory(line.start())));
      }
      if (line != null && SETTER.matcher(select.getIdentifier()).matches()) {
        paste(file.source(select.getExpression()), call.getArguments(), line);
      }
    }
    return super.visitExpressionStatement(statement, unused);
  }

  /** The last place before {@code at} where a parser's factory is made, or {@code at} itself. */
  private int factory(int at) {
    Matcher m =
        Pattern.compile("\\.(newInstance|newFactory)\\(|new SAXReader\\(|new SAXBuilder\\(")
            .matcher(file.text());
    m.region(file.start(method), at);
    int place = at;
    while (m.find()) {
      place = m.start();
    }
    return place;
  }

  /** Puts the value of a parameter into the statement's text. */
  private void paste(String variable, List<? extends ExpressionTree> arguments, Edit setter) {
    for (Prepared p : prepared) {
      if (p.variable.equals(variable)
          && arguments.size() == 2
          && file.source(arguments.getFirst()).equals("1")
          && arguments.get(1) instanceof IdentifierTree value
          && method.getParameters().stream()
              .anyMatch(v -> v.getName().contentEquals(value.getName()))) {
        String text = file.source(p.statement);
        int mark = text.indexOf('?');
        String rest = "'" + text.substring(mark + 1);
        String pasted = text.substring(0, mark) + "'\" + " + value.getName() + " + \"" + rest;
        int start = file.start(p.statement);
        found.add(
            new Weakening(
                Weakness.SQL_INJECTION,
                List.of(new Edit(start, file.end(p.statement), pasted), setter),
                start));
      }
    }
  }

  @Override
  public @Nullable Void visitIf(IfTree branch, Void unused) {
    String condition = file.source(branch.getCondition());
    Edit line = line(branch);
    // A check that a path stays below its folder.
    if (line != null
        && branch.getElseStatement() == null
        && condition.startsWith("(!")
        && condition.contains(".startsWith(")
        && Pattern.compile("normalize|[cC]anonical").matcher(file.source(method)).find()) {
      int before = file.text().lastIndexOf('\n', line.start() - 2) + 1;
      found.add(
          new Weakening(
              Weakness.PATH_TRAVERSAL, List.of(line), Math.max(file.start(method), before)));
    }
    return super.visitIf(branch, unused);
  }
}
