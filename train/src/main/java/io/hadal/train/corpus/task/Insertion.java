package io.hadal.train.corpus.task;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Statements that use a text from outside, unsafe and safe; they are put into methods of real code
 * that take such a text.
 *
 * @param unsafe one statement per line, with {@code @} for the name of the text
 * @param line which of its lines is unsafe, from 0
 */
record Insertion(Weakness weakness, String unsafe, int line, String safe) {
  private static final List<Insertion> ALL =
      List.of(
          new Insertion(
              Weakness.COMMAND_INJECTION,
              "Process process = Runtime.getRuntime().exec(\"sh -c 'ls \" + @ + \"'\");",
              0,
              "Process process = new ProcessBuilder(\"ls\", \"--\", @).start();"),
          new Insertion(
              Weakness.COMMAND_INJECTION,
              "String command = \"ping -c 1 \" + @;\nRuntime.getRuntime().exec(command);",
              1,
              "new ProcessBuilder(List.of(\"ping\", \"-c\", \"1\", \"--\", @)).start();"),
          new Insertion(
              Weakness.SQL_INJECTION,
              "statement.executeUpdate(\"DELETE FROM sessions WHERE id = '\" + @ + \"'\");",
              0,
              "PreparedStatement delete = connection.prepareStatement(\"DELETE FROM sessions WHERE"
                  + " id = ?\");\ndelete.setString(1, @);\ndelete.executeUpdate();"),
          new Insertion(
              Weakness.SQL_INJECTION,
              "String query = \"SELECT * FROM users WHERE name = '\" + @ + \"'\";\n"
                  + "ResultSet rows = statement.executeQuery(query);",
              0,
              "PreparedStatement query = connection.prepareStatement(\"SELECT * FROM users WHERE"
                  + " name = ?\");\n"
                  + "query.setString(1, @);\n"
                  + "ResultSet rows = query.executeQuery();"),
          new Insertion(
              Weakness.PATH_TRAVERSAL,
              "Path file = folder.resolve(@);\nbyte[] content = Files.readAllBytes(file);",
              0,
              "Path file = folder.resolve(@).normalize();\n"
                  + "if (!file.startsWith(folder.normalize())) {\n"
                  + "  throw new IllegalArgumentException(\"outside of the folder\");\n}\n"
                  + "byte[] content = Files.readAllBytes(file);"),
          new Insertion(
              Weakness.EXTERNAL_ENTITY,
              "DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();\n"
                  + "Document document =\n"
                  + "    factory.newDocumentBuilder().parse(new InputSource(new StringReader(@)));",
              0,
              "DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();\n"
                  + "factory.setFeature(\"http://apache.org/xml/features/disallow-doctype-decl\","
                  + " true);\n"
                  + "Document document =\n"
                  + "    factory.newDocumentBuilder().parse(new InputSource(new"
                  + " StringReader(@)));"),
          new Insertion(
              Weakness.WEAK_HASH,
              "byte[] digest = MessageDigest.getInstance(\"MD5\").digest(@.getBytes(UTF_8));",
              0,
              "byte[] digest = MessageDigest.getInstance(\"SHA-256\").digest(@.getBytes(UTF_8));"),
          new Insertion(
              Weakness.WEAK_CIPHER,
              "Cipher cipher = Cipher.getInstance(\"DES/ECB/PKCS5Padding\");\n"
                  + "cipher.init(Cipher.ENCRYPT_MODE, key);\n"
                  + "byte[] encrypted = cipher.doFinal(@.getBytes(UTF_8));",
              0,
              "Cipher cipher = Cipher.getInstance(\"AES/GCM/NoPadding\");\n"
                  + "cipher.init(Cipher.ENCRYPT_MODE, key);\n"
                  + "byte[] encrypted = cipher.doFinal(@.getBytes(UTF_8));"),
          new Insertion(
              Weakness.PREDICTABLE,
              "String token = @ + Long.toHexString(new Random().nextLong());",
              0,
              "byte[] random = new byte[16];\nnew SecureRandom().nextBytes(random);\n"
                  + "String token = @ + HexFormat.of().formatHex(random);"),
          new Insertion(
              Weakness.SECRET,
              "Connection connection = DriverManager.getConnection(url, @, \"Winter2019!\");",
              0,
              "Connection connection =\n"
                  + "    DriverManager.getConnection(url, @, System.getenv(\"DB_PASSWORD\"));"),
          new Insertion(
              Weakness.CROSS_SITE_SCRIPTING,
              "out.println(\"<p>Hello, \" + @ + \"</p>\");",
              0,
              "out.println(\"<p>Hello, \" + escapeHtml(@) + \"</p>\");"),
          new Insertion(
              Weakness.REQUEST_FORGERY,
              "InputStream in = URI.create(@).toURL().openStream();",
              0,
              "URI uri = URI.create(@);\n"
                  + "if (!ALLOWED_HOSTS.contains(uri.getHost())) {\n"
                  + "  throw new IllegalArgumentException(\"host is not allowed\");\n}\n"
                  + "InputStream in = uri.toURL().openStream();"),
          new Insertion(
              Weakness.TIMING,
              "boolean same = Arrays.equals(expected, @.getBytes(UTF_8));",
              0,
              "boolean same = MessageDigest.isEqual(expected, @.getBytes(UTF_8));"),
          new Insertion(
              Weakness.DESERIALISATION,
              "byte[] bytes = Base64.getDecoder().decode(@);\n"
                  + "ObjectInputStream in = new ObjectInputStream(new"
                  + " ByteArrayInputStream(bytes));\n"
                  + "Object value = in.readObject();",
              2,
              "byte[] bytes = Base64.getDecoder().decode(@);\n"
                  + "ObjectInputStream in = new ObjectInputStream(new"
                  + " ByteArrayInputStream(bytes));\n"
                  + "in.setObjectInputFilter(ALLOWED_CLASSES);\n"
                  + "Object value = in.readObject();"));

  static Insertion any(SplittableRandom random) {
    return ALL.get(random.nextInt(ALL.size()));
  }

  /** The statements with an indentation, as lines of a method. */
  static String lines(String statements, String name, String indent) {
    return indent + statements.replace("@", name).replace("\n", "\n" + indent) + "\n";
  }
}
