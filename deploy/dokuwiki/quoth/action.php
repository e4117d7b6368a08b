<?php

/**
 * Tells a proxy in front of Quoth who is signed in: lib/exe/ajax.php?call=quoth_whoami answers with the name,
 * percent-encoded, in X-Wiki-User, and their groups so in X-Wiki-Groups, between commas; with no such headers for nobody.
 */
class action_plugin_quoth extends DokuWiki_Action_Plugin
{
    public function register(Doku_Event_Handler $controller)
    {
        $controller->register_hook('AJAX_CALL_UNKNOWN', 'BEFORE', $this, 'tell');
    }

    public function tell(Doku_Event $event)
    {
        if ($event->data !== 'quoth_whoami') {
            return;
        }
        $event->preventDefault();
        $event->stopPropagation();
        global $INPUT, $USERINFO;
        header('Cache-Control: private, no-store');
        $user = $INPUT->server->str('REMOTE_USER');
        if ($user !== '') {
            header('X-Wiki-User: ' . rawurlencode($user));
            header('X-Wiki-Groups: ' . implode(',', array_map('rawurlencode', $USERINFO['grps'] ?? [])));
        }
        http_response_code(204);
    }
}
