/** Reads HTML as a browser would. */

import { type DefaultTreeAdapterTypes, type ParserError, parse } from 'parse5'

export type Node = DefaultTreeAdapterTypes.ParentNode | DefaultTreeAdapterTypes.ChildNode

/** Returns the tree of a document or of a part of one. Throws if anything in it is not valid. */
export function parsed(html: string): Node {
  const errors: ParserError[] = []
  const document = html.startsWith('<!doctype') ? html : `<!doctype html><title>part</title>${html}`
  const tree = parse(document, { onParseError: (error) => errors.push(error) })
  if (errors.length > 0) throw new Error(`not valid HTML: ${JSON.stringify(errors.slice(0, 3))}`)
  return html.startsWith('<!doctype') ? tree : elementsIn(tree, 'body')[0]
}

export function elementsIn(node: Node, name: string): Node[] {
  const children: Node[] = 'childNodes' in node ? node.childNodes : []
  return children.flatMap((child) => [...(child.nodeName === name ? [child] : []), ...elementsIn(child, name)])
}

export const textOf = (node: Node): string =>
  node.nodeName === '#text'
    ? (node as DefaultTreeAdapterTypes.TextNode).value
    : 'childNodes' in node
      ? node.childNodes.map(textOf).join('')
      : ''

export const attributeOf = (node: Node, name: string): string | undefined =>
  'attrs' in node ? node.attrs.find((attribute) => attribute.name === name)?.value : undefined
