package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * What a pom says about licences.
 *
 * @param licences empty when the parent decides
 * @param parent pom that is inherited from
 */
record Pom(List<Licence> licences, @Nullable Coordinates parent) {
  private static final long MAX_BYTES = 4 << 20;

  record Licence(String name, String url) {
    @Override
    public String toString() {
      return name.isEmpty() ? url : name;
    }
  }

  /** Reads a pom; document types and external entities are refused. */
  static Pom read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new FormatException(file.toString(), "is longer than " + MAX_BYTES + " bytes");
    }
    Element root;
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setXIncludeAware(false);
      factory.setExpandEntityReferences(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      // Otherwise the parser prints to stderr by itself.
      builder.setErrorHandler(null);
      root = builder.parse(file.toFile()).getDocumentElement();
    } catch (ParserConfigurationException | SAXException e) {
      throw new FormatException(file.toString(), "is no readable pom: " + e.getMessage(), e);
    }
    List<Licence> licences = new ArrayList<>();
    Element list = child(root, "licenses");
    if (list != null) {
      for (Element licence : children(list)) {
        licences.add(new Licence(text(licence, "name"), text(licence, "url")));
      }
    }
    Element parent = child(root, "parent");
    return new Pom(licences, parent == null ? null : parent(parent, file));
  }

  private static Coordinates parent(Element parent, Path file) {
    return Coordinates.parse(
            text(parent, "groupId")
                + ":"
                + text(parent, "artifactId")
                + ":"
                + text(parent, "version"),
            file.toString())
        .pom();
  }

  private static List<Element> children(Element parent) {
    List<Element> children = new ArrayList<>();
    for (Node n = parent.getFirstChild(); n != null; n = n.getNextSibling()) {
      if (n instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }

  private static @Nullable Element child(Element parent, String name) {
    for (Element element : children(parent)) {
      if (element.getTagName().equals(name)) {
        return element;
      }
    }
    return null;
  }

  private static String text(Element parent, String name) {
    Element element = child(parent, name);
    return element == null ? "" : element.getTextContent().strip().replaceAll("\\s+", " ");
  }
}
