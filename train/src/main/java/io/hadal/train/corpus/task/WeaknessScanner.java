package io.hadal.train.corpus.task;

import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds weaknesses in a method by the form of calls. Strict rather than complete: what it labels is
 * learnt.
 */
final class WeaknessScanner extends TreeScanner<Void, Void> {
  private static final Set<String> SQL_CALLS =
      Set.of(
          "executeQuery",
          "executeUpdate",
          "execute",
          "prepareStatement",
          "createQuery",
          "createNativeQuery",
          "createSQLQuery",
          "addBatch");
  private static final Pattern SQL =
      Pattern.compile(
          "^\"\\s*(select|insert|update|delete|drop|create|alter|truncate)\\s.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern CIPHER =
      Pattern.compile("\"(DES|DESede|RC2|RC4|ARCFOUR|Blowfish|AES)([/\"].*)?");
  private static final Pattern CONSTANT = Pattern.compile("([\\w.]+\\.)?[A-Z][A-Z0-9_]*");
  private static final Pattern SECRET_NAME =
      Pattern.compile(".*(password|passwd|secret|apikey)", Pattern.CASE_INSENSITIVE);
  private static final Pattern SECRET_VALUE =
      Pattern.compile("\"(?=.*[0-9!#%@])[^\\s.${}/]{6,40}\"");
  private static final Pattern SECRET_USE =
      Pattern.compile(".*(token|password|secret|salt|nonce|session).*", Pattern.CASE_INSENSITIVE);
  private static final Set<String> XML_FACTORIES =
      Set.of("DocumentBuilderFactory", "SAXParserFactory", "XMLInputFactory");

  private final ParsedFile file;
  private final String text;
  private final String methodName;
  private final List<Finding> findings = new ArrayList<>();

  private WeaknessScanner(ParsedFile file, MethodTree method) {
    this.file = file;
    this.text = file.source(method);
    this.methodName = method.getName().toString();
  }

  /** What is wrong with a method, in the order of the text. */
  static List<Finding> of(ParsedFile file, MethodTree method) {
    WeaknessScanner scanner = new WeaknessScanner(file, method);
    scanner.scan(method.getBody(), null);
    return scanner.findings;
  }

  private void found(Weakness weakness, Tree tree) {
    findings.add(new Finding(weakness, file.start(tree)));
  }

  @Override
  public @Nullable Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
    if (call.getMethodSelect() instanceof MemberSelectTree select) {
      String name = select.getIdentifier().toString();
      String receiver = file.source(select.getExpression());
      String first = call.getArguments().isEmpty() ? "" : file.source(call.getArguments().get(0));
      if (name.equals("getInstance")) {
        instance(receiver, first, call);
      } else if (name.equals("exec")
          && receiver.contains("getRuntime()")
          && call.getArguments().getFirst() instanceof BinaryTree) {
        found(Weakness.COMMAND_INJECTION, call);
      } else if (SQL_CALLS.contains(name)
          && !call.getArguments().isEmpty()
          && pasted(call.getArguments().getFirst())) {
        found(Weakness.SQL_INJECTION, call);
      } else if ((name.equals("newInstance") || name.equals("newFactory"))
          && XML_FACTORIES.contains(receiver)
          && !Pattern.compile("set(Feature|Property|Attribute|Expand|XInclude)")
              .matcher(text)
              .find()) {
        found(Weakness.EXTERNAL_ENTITY, call);
      } else if (name.equals("getName")
          && text.contains("ZipEntry " + receiver)
          && !Pattern.compile("normalize|anonical|startsWith|\\.\\.").matcher(text).find()
          && text.contains("new File")) {
        found(Weakness.PATH_TRAVERSAL, call);
      }
    }
    return super.visitMethodInvocation(call, unused);
  }

  private void instance(String receiver, String algorithm, Tree call) {
    switch (receiver) {
      case "MessageDigest" -> {
        if (algorithm.matches("\"(MD2|MD4|MD5|SHA-?1|SHA)\"")) {
          found(Weakness.WEAK_HASH, call);
        }
      }
      case "Cipher" -> {
        if (CIPHER.matcher(algorithm).matches()
            && (!algorithm.startsWith("\"AES")
                || algorithm.contains("ECB")
                || algorithm.equals("\"AES\""))) {
          found(Weakness.WEAK_CIPHER, call);
        }
      }
      case "SSLContext" -> {
        if (algorithm.matches("\"(SSL|SSLv2|SSLv3|TLSv1|TLSv1.1)\"")) {
          found(Weakness.WEAK_PROTOCOL, call);
        }
      }
      default -> {}
    }
  }

  /** Whether an expression is a statement in SQL with something other than constants in it. */
  private boolean pasted(ExpressionTree expression) {
    List<ExpressionTree> parts = new ArrayList<>();
    parts(expression, parts);
    return parts.size() > 1
        && SQL.matcher(file.source(parts.getFirst())).matches()
        && parts.stream().anyMatch(p -> !constant(p));
  }

  private static void parts(ExpressionTree expression, List<ExpressionTree> into) {
    if (expression instanceof BinaryTree binary && binary.getKind() == Tree.Kind.PLUS) {
      parts(binary.getLeftOperand(), into);
      parts(binary.getRightOperand(), into);
    } else if (expression instanceof ParenthesizedTree p) {
      parts(p.getExpression(), into);
    } else {
      into.add(expression);
    }
  }

  private boolean constant(ExpressionTree expression) {
    return expression instanceof LiteralTree
        || ((expression instanceof IdentifierTree || expression instanceof MemberSelectTree)
            && CONSTANT.matcher(file.source(expression)).matches());
  }

  @Override
  public @Nullable Void visitNewClass(NewClassTree creation, Void unused) {
    if (file.source(creation.getIdentifier()).equals("Random")
        && SECRET_USE.matcher(methodName.toLowerCase(Locale.ROOT)).matches()) {
      found(Weakness.PREDICTABLE, creation);
    }
    return super.visitNewClass(creation, unused);
  }

  @Override
  public @Nullable Void visitVariable(VariableTree variable, Void unused) {
    secret(variable.getName().toString(), variable.getInitializer(), variable);
    return super.visitVariable(variable, unused);
  }

  @Override
  public @Nullable Void visitAssignment(AssignmentTree assignment, Void unused) {
    secret(file.source(assignment.getVariable()), assignment.getExpression(), assignment);
    return super.visitAssignment(assignment, unused);
  }

  private void secret(String name, @Nullable ExpressionTree value, Tree tree) {
    if (value instanceof LiteralTree
        && SECRET_NAME.matcher(name).matches()
        && SECRET_VALUE.matcher(file.source(value)).matches()) {
      found(Weakness.SECRET, tree);
    }
  }
}
