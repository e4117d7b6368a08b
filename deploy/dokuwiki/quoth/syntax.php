<?php

/**
 * {{quoth>DOCUMENT?OPTIONS|LABEL}} puts the assistant on a page; each part may be left out.
 *
 * DOCUMENT is the one to ask (all of them without it). OPTIONS, joined by &: launcher; light or dark; q=QUESTION,
 * asked at once. LABEL is the heading. The server's address is the administrator's to set, never a page's.
 */
class syntax_plugin_quoth extends DokuWiki_Syntax_Plugin
{
    public function getType()
    {
        return 'substition';
    }

    public function getPType()
    {
        return 'block';
    }

    public function getSort()
    {
        return 305;
    }

    public function connectTo($mode)
    {
        $this->Lexer->addSpecialPattern('\{\{quoth>[^}]*\}\}', $mode, 'plugin_quoth');
    }

    /** The attributes of the assistant that a page asks for. */
    public function handle($match, $state, $pos, Doku_Handler $handler)
    {
        [$what, $label] = array_pad(explode('|', substr($match, 8, -2), 2), 2, '');
        [$document, $query] = array_pad(explode('?', $what, 2), 2, '');
        parse_str($query, $options);
        return array_filter([
            'document' => trim($document),
            'mode' => isset($options['launcher']) ? 'launcher' : '',
            'theme' => isset($options['dark']) ? 'dark' : (isset($options['light']) ? 'light' : ''),
            'question' => is_string($options['q'] ?? '') ? trim($options['q'] ?? '') : '',
            'label' => trim($label),
        ], 'strlen');
    }

    public function render($format, Doku_Renderer $renderer, $attributes)
    {
        if ($format !== 'xhtml') {
            return false;
        }
        $script = hsc(rtrim($this->getConf('server'), '/') . '/widget.js');
        $told = '';
        foreach ($attributes as $name => $value) {
            $told .= ' ' . $name . '="' . hsc($value) . '"';
        }
        $renderer->doc .= "<script src=\"$script\" defer></script>\n<quoth-assistant$told></quoth-assistant>\n";
        return true;
    }
}
