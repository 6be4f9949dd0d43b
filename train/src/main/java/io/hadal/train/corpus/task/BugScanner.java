package io.hadal.train.corpus.task;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.BlockTree;
import com.sun.source.tree.BreakTree;
import com.sun.source.tree.CompoundAssignmentTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.ForLoopTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.ReturnTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.ThrowTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.UnaryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the bugs that could be put into a method; see the kinds below. */
final class BugScanner extends TreeScanner<Void, Void> {
  static final String OFF_BY_ONE = "Off by one";
  static final String NEGATED = "Negated condition";
  static final String SWAPPED_OPERANDS = "Swapped operands";
  static final String SWAPPED_ARGUMENTS = "Swapped arguments";
  static final String WRONG_OPERATOR = "Wrong operator";
  static final String NULL_CHECK = "Missing null check";
  static final String IDENTITY = "Identity instead of equality";
  static final String WRONG_VARIABLE = "Wrong variable";
  static final String NO_BREAK = "Missing break";
  static final String WRONG_DIRECTION = "Wrong direction";
  static final String WRONG_CONSTANT = "Wrong constant";

  private static final Map<String, String> BOUNDS =
      Map.of("<", "<=", "<=", "<", ">", ">=", ">=", ">");
  private static final Map<String, String> OPERATORS =
      Map.ofEntries(
          Map.entry("&&", "||"),
          Map.entry("||", "&&"),
          Map.entry("==", "!="),
          Map.entry("!=", "=="),
          Map.entry("+", "-"),
          Map.entry("*", "+"),
          Map.entry("&", "|"),
          Map.entry("|", "&"),
          Map.entry("<<", ">>"),
          Map.entry(">>", "<<"),
          Map.entry(">>>", ">>"),
          Map.entry("%", "/"));

  private final ParsedFile file;
  private final MethodTree method;
  private final List<Bug> bugs = new ArrayList<>();

  private BugScanner(ParsedFile file, MethodTree method) {
    this.file = file;
    this.method = method;
  }

  /** All bugs that a method could have, in the order of the text. */
  static List<Bug> of(ParsedFile file, MethodTree method) {
    BugScanner scanner = new BugScanner(file, method);
    scanner.scan(method.getBody(), null);
    return scanner.bugs;
  }

  private void replace(String kind, Tree tree, String by) {
    int start = file.start(tree);
    int end = file.end(tree);
    if (start >= 0 && end > start) {
      bugs.add(Bug.of(kind, new Edit(start, end, by), file.source(tree), by));
    }
  }

  /** The operator between two operands, empty when something else stands there as well. */
  private String operator(ExpressionTree left, ExpressionTree right) {
    int from = file.end(left);
    int to = file.start(right);
    String between = from < 0 || to < from ? "" : file.text().substring(from, to).strip();
    return between.length() <= 3 ? between : "";
  }

  @Override
  public @Nullable Void visitBinary(BinaryTree binary, Void unused) {
    ExpressionTree left = binary.getLeftOperand();
    ExpressionTree right = binary.getRightOperand();
    String operator = operator(left, right);
    String l = file.source(left);
    String r = file.source(right);
    boolean text = l.contains("\"") || r.contains("\"");
    if (BOUNDS.containsKey(operator)) {
      replace(OFF_BY_ONE, binary, l + " " + BOUNDS.get(operator) + " " + r);
    }
    boolean isNull = r.equals("null") || l.equals("null");
    if (OPERATORS.containsKey(operator) && !text && !isNull) {
      replace(WRONG_OPERATOR, binary, l + " " + OPERATORS.get(operator) + " " + r);
    }
    if ((operator.equals("-") || operator.equals("/") || operator.equals("%"))
        && simple(left)
        && simple(right)
        && !l.equals(r)) {
      replace(SWAPPED_OPERANDS, binary, r + " " + operator + " " + l);
    }
    if (operator.equals("-") && r.equals("1")) {
      replace(OFF_BY_ONE, binary, l);
    }
    if (operator.equals("&&")
        && left instanceof BinaryTree check
        && file.source(check.getRightOperand()).equals("null")
        && operator(check.getLeftOperand(), check.getRightOperand()).equals("!=")) {
      bugs.add(
          Bug.of(NULL_CHECK, new Edit(file.start(left), file.start(right), ""), l + " &&", ""));
    }
    return super.visitBinary(binary, unused);
  }

  private static boolean simple(Tree tree) {
    return tree instanceof IdentifierTree
        || tree instanceof LiteralTree
        || tree instanceof MemberSelectTree
        || tree instanceof ParenthesizedTree
        || tree instanceof MethodInvocationTree;
  }

  @Override
  public @Nullable Void visitIf(IfTree branch, Void unused) {
    if (branch.getCondition() instanceof ParenthesizedTree around) {
      ExpressionTree condition = around.getExpression();
      if (condition instanceof UnaryTree not && not.getKind() == Tree.Kind.LOGICAL_COMPLEMENT) {
        replace(NEGATED, condition, file.source(not.getExpression()));
      } else if (!(condition instanceof BinaryTree)) {
        replace(NEGATED, condition, "!" + file.source(condition));
      }
      if (branch.getElseStatement() == null
          && condition instanceof BinaryTree check
          && file.source(check.getRightOperand()).equals("null")
          && operator(check.getLeftOperand(), check.getRightOperand()).equals("==")
          && leaves(branch.getThenStatement())) {
        remove(NULL_CHECK, branch, file.source(around));
      }
    }
    return super.visitIf(branch, unused);
  }

  private static boolean leaves(StatementTree statement) {
    if (statement instanceof BlockTree block) {
      return block.getStatements().size() == 1 && leaves(block.getStatements().getFirst());
    }
    return statement instanceof ReturnTree || statement instanceof ThrowTree;
  }

  /** Takes a statement out, with its line when it has that for itself. */
  private void remove(String kind, Tree statement, String right) {
    int start = file.start(statement);
    int end = file.end(statement);
    int line = file.text().lastIndexOf('\n', start) + 1;
    if (start > 0
        && file.text().substring(line, start).isBlank()
        && file.text().startsWith("\n", end)
        && line > file.start(method)) {
      String shown = kind.equals(NULL_CHECK) ? "if " + right : right;
      bugs.add(Bug.of(kind, new Edit(line, end + 1, ""), shown, ""));
    }
  }

  @Override
  public @Nullable Void visitBreak(BreakTree leave, Void unused) {
    if (leave.getLabel() == null) {
      remove(NO_BREAK, leave, file.source(leave));
    }
    return super.visitBreak(leave, unused);
  }

  @Override
  public @Nullable Void visitForLoop(ForLoopTree loop, Void unused) {
    for (StatementTree init : loop.getInitializer()) {
      if (init instanceof VariableTree variable
          && variable.getInitializer() instanceof LiteralTree value) {
        String text = file.source(value);
        if (text.equals("0") || text.equals("1")) {
          replace(OFF_BY_ONE, value, text.equals("0") ? "1" : "0");
        }
      }
    }
    return super.visitForLoop(loop, unused);
  }

  @Override
  public @Nullable Void visitUnary(UnaryTree unary, Void unused) {
    String text = file.source(unary);
    switch (unary.getKind()) {
      case POSTFIX_INCREMENT, PREFIX_INCREMENT ->
          replace(WRONG_DIRECTION, unary, text.replace("++", "--"));
      case POSTFIX_DECREMENT, PREFIX_DECREMENT ->
          replace(WRONG_DIRECTION, unary, text.replace("--", "++"));
      default -> {}
    }
    return super.visitUnary(unary, unused);
  }

  @Override
  public @Nullable Void visitCompoundAssignment(CompoundAssignmentTree assignment, Void unused) {
    String operator = operator(assignment.getVariable(), assignment.getExpression());
    String other = operator.equals("+=") ? "-=" : operator.equals("-=") ? "+=" : "";
    String value = file.source(assignment.getExpression());
    if (!other.isEmpty() && !value.contains("\"")) {
      replace(
          WRONG_OPERATOR,
          assignment,
          file.source(assignment.getVariable()) + " " + other + " " + value);
    }
    return super.visitCompoundAssignment(assignment, unused);
  }

  @Override
  public @Nullable Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
    swap(call.getArguments());
    if (call.getMethodSelect() instanceof MemberSelectTree select
        && select.getIdentifier().contentEquals("equals")
        && call.getArguments().size() == 1
        && simple(select.getExpression())
        && simple(call.getArguments().getFirst())) {
      replace(
          IDENTITY,
          call,
          file.source(select.getExpression()) + " == " + file.source(call.getArguments().get(0)));
    }
    return super.visitMethodInvocation(call, unused);
  }

  @Override
  public @Nullable Void visitNewClass(NewClassTree creation, Void unused) {
    swap(creation.getArguments());
    return super.visitNewClass(creation, unused);
  }

  private void swap(List<? extends ExpressionTree> arguments) {
    for (int i = 0; i + 1 < arguments.size(); i++) {
      ExpressionTree a = arguments.get(i);
      ExpressionTree b = arguments.get(i + 1);
      String first = file.source(a);
      String second = file.source(b);
      // Things of one form: that the types fit is likely.
      if (a.getKind() == b.getKind()
          && (a instanceof IdentifierTree || a instanceof MemberSelectTree)
          && !first.equals(second)) {
        int start = file.start(a);
        int end = file.end(b);
        String between = file.text().substring(file.end(a), file.start(b));
        bugs.add(
            Bug.of(
                SWAPPED_ARGUMENTS,
                new Edit(start, end, second + between + first),
                first + between + second,
                second + between + first));
      }
    }
  }

  @Override
  public @Nullable Void visitReturn(ReturnTree end, Void unused) {
    if (end.getExpression() instanceof LiteralTree value) {
      String text = file.source(value);
      String other =
          switch (text) {
            case "true" -> "false";
            case "false" -> "true";
            case "0" -> "1";
            case "1", "-1" -> "0";
            default -> "";
          };
      if (!other.isEmpty()) {
        replace(WRONG_CONSTANT, value, other);
      }
    }
    return super.visitReturn(end, unused);
  }

  @Override
  public @Nullable Void visitIdentifier(IdentifierTree identifier, Void unused) {
    String name = identifier.getName().toString();
    String type = parameterType(name);
    if (!type.isEmpty()) {
      for (VariableTree other : method.getParameters()) {
        if (!other.getName().contentEquals(name) && file.source(other.getType()).equals(type)) {
          replace(WRONG_VARIABLE, identifier, other.getName().toString());
        }
      }
    }
    return super.visitIdentifier(identifier, unused);
  }

  private String parameterType(String name) {
    for (VariableTree parameter : method.getParameters()) {
      if (parameter.getName().contentEquals(name)) {
        return file.source(parameter.getType());
      }
    }
    return "";
  }

  @Override
  public @Nullable Void visitAnnotation(AnnotationTree annotation, Void unused) {
    return null;
  }
}
